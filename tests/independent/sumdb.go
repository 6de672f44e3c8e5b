// Asks golang.org/x/mod/sumdb, on which Go's own checksum database runs, whether what a log shows holds together.
// Standard input: a JSON list; standard output: for each, what is refused. See checkers.py.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type shown struct {
	Vkey        string   `json:"vkey"`
	Old         string   `json:"old"`
	New         string   `json:"new"`
	Consistency [][]byte `json:"consistency"`
	Leaf        []byte   `json:"leaf"`
	Index       int64    `json:"index"`
	Inclusion   [][]byte `json:"inclusion"`
}

// opened gives the tree of a note that the log signed, of the log's own origin.
func opened(text string, log note.Verifier) (tlog.Tree, error) {
	signed, err := note.Open([]byte(text), note.VerifierList(log))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	// The origin is the caller's to compare: tlog.ParseTree knows only that of Go's own database.
	if len(lines) != 4 || lines[0] != log.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func hashes(raw [][]byte) []tlog.Hash {
	proof := make([]tlog.Hash, len(raw))
	for i, digest := range raw {
		if copy(proof[i][:], digest) != tlog.HashSize {
			panic("a hash of another length")
		}
	}
	return proof
}

func refused(one shown) []string {
	log, err := note.NewVerifier(one.Vkey)
	if err != nil {
		panic(err)
	}
	old, errOld := opened(one.Old, log)
	new, errNew := opened(one.New, log)
	if errOld != nil || errNew != nil {
		return []string{"note"}
	}
	found := []string{}
	if tlog.CheckTree(hashes(one.Consistency), new.N, new.Hash, old.N, old.Hash) != nil {
		found = append(found, "consistency")
	}
	if tlog.CheckRecord(hashes(one.Inclusion), new.N, new.Hash, one.Index, tlog.RecordHash(one.Leaf)) != nil {
		found = append(found, "inclusion")
	}
	return found
}

func main() {
	var asked []shown
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	answers := make([][]string, len(asked))
	for i, one := range asked {
		answers[i] = refused(one)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
