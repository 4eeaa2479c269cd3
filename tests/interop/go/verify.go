// Verifies an exported log as a stranger would who has Go and nothing of ours: the signed note, the cosignature, the tiles, the entries,
// inclusion of leaves and consistency with an earlier checkpoint.
//
// usage: verify LOG-KEY WITNESS-KEY FOLDER [EARLIER-CHECKPOINT]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: verify LOG-KEY WITNESS-KEY FOLDER [EARLIER-CHECKPOINT]")
	}
	home, err := note.NewVerifier(args[0])
	if err != nil {
		return fmt.Errorf("the log's key: %w", err)
	}
	peer, err := newCosigner(args[1])
	if err != nil {
		return fmt.Errorf("the witness's key: %w", err)
	}
	folder := args[2]
	tree, err := open(filepath.Join(folder, "checkpoint"), home, peer)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles(folder))
	if err := checkLeaves(folder, tree, reader); err != nil {
		return err
	}
	fmt.Printf("%d leaves verified\n", tree.N)
	if len(args) > 3 {
		earlier, err := open(args[3], home, peer)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, earlier.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash); err != nil {
			return fmt.Errorf("the log does not begin with its earlier %d leaves: %w", earlier.N, err)
		}
		fmt.Printf("%d leaves from before verified\n", earlier.N)
	}
	return nil
}

// open reads a checkpoint that both have signed.
func open(path string, home, peer note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	message, err := os.ReadFile(path)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(message, note.VerifierList(home, peer))
	if err != nil {
		return tree, fmt.Errorf("%s: %w", path, err)
	}
	if len(opened.Sigs) != 2 {
		return tree, fmt.Errorf("%s: %d of 2 signatures", path, len(opened.Sigs))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != home.Name() {
		return tree, fmt.Errorf("%s: no checkpoint of %s", path, home.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// checkLeaves proves leaves in the tree and opens their entries: all of a small log, every 997th of a large one.
func checkLeaves(folder string, tree tlog.Tree, reader tlog.HashReader) error {
	step := int64(1)
	if tree.N > 2000 {
		step = 997
	}
	for leaf := int64(0); leaf < tree.N; leaf += step {
		entry, err := entry(folder, tree.N, leaf)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, leaf, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, leaf, tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("leaf %d: %w", leaf, err)
		}
	}
	return nil
}

// entry reads the entry of a leaf from its bundle.
func entry(folder string, size, leaf int64) ([]byte, error) {
	tile := tlog.Tile{H: 8, L: 0, N: leaf / 256, W: 256}
	if rest := size - tile.N*256; rest < 256 {
		tile.W = int(rest)
	}
	bundle, err := os.ReadFile(filepath.Join(folder, "tile", "entries", strings.TrimPrefix(tile.Path(), "tile/8/0/")))
	if err != nil {
		return nil, err
	}
	for n := int64(0); len(bundle) >= 2; n++ {
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		if end > len(bundle) {
			break
		}
		if n == leaf%256 {
			return bundle[2:end], nil
		}
		bundle = bundle[end:]
	}
	return nil, fmt.Errorf("no entry %d in its bundle", leaf)
}

// tiles reads the tiles of a folder. The paths of C2SP lack the height that Go's have.
type tiles string

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range asked {
		data, err := os.ReadFile(filepath.Join(string(t), "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// cosigner verifies cosignature/v1, which Go's note package does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("no key of a witness")
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return &cosigner{name, binary.BigEndian.Uint32(sum[:]), ed25519.PublicKey(key[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	var signed bytes.Buffer
	fmt.Fprintf(&signed, "cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	signed.Write(message)
	return ed25519.Verify(c.key, signed.Bytes(), signature[8:])
}
