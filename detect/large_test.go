package detect_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/chancat/channel/detect"
)

// Messages of which the first bytes of the data hold few, or only a part of one.
func TestLargeMessages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"alpha ", "beta ", "gamma ", "delta ", "epsilon ", "the ", "quick ", "42 "}
	text := func(n int) []byte {
		var b []byte
		for len(b) < n {
			b = append(b, words[random.IntN(len(words))]...)
		}
		return b[:n]
	}
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	framings := map[string]func(m []byte) []byte{
		"u32be":      func(m []byte) []byte { return binary.BigEndian.AppendUint32(nil, uint32(len(m))) },
		"u32le":      func(m []byte) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(len(m))) },
		"u64be":      func(m []byte) []byte { return binary.BigEndian.AppendUint64(nil, uint64(len(m))) },
		"u32be,incl": func(m []byte) []byte { return binary.BigEndian.AppendUint32(nil, uint32(len(m))+4) },
		"msg":        func(m []byte) []byte { return fmt.Appendf(nil, "\r\nMSG %d\r\n", len(m)) },
		"lsp":        func(m []byte) []byte { return fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(m)) },
	}
	for name, head := range framings {
		for _, sizes := range [][]int{{70_000, 12, 40, 300, 7}, {10, 200_000, 30, 50}, {100_000, 120_000, 90_001, 110_000}, {1_000_000, 1_100_000, 900_000}} {
			for kind, body := range map[string]func(int) []byte{"text": text, "noise": noise} {
				var data []byte
				for _, n := range sizes {
					m := body(n)
					data = append(append(data, head(m)...), m...)
				}
				a := detect.Detect([]detect.Stream{{Data: data, Ended: true}})
				if !a.Decided || a.Candidates[0].Framing != name && !slices.Contains(a.Candidates[0].SameAs, name) {
					t.Errorf("%s, %s of %d bytes: decided %v, %s: %s", name, kind, sizes, a.Decided, a.Candidates[0].Framing, a.Why)
				}
			}
		}
	}
}

// That more is looked at where little is seen decides nothing that is no stream of
// large messages.
func TestLargeUndecided(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 2<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var records []byte
	for i := range uint64(100_000) {
		records = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(records, uint32(i)), i*i)
	}
	sparse := make([]byte, 2<<20)
	for i := 0; i < len(sparse); i += 4096 {
		copy(sparse[i:], noise[i:i+64])
	}
	for name, data := range map[string][]byte{"noise": noise, "records": records, "sparse": sparse} {
		if a := detect.Detect([]detect.Stream{{Data: data, Ended: true}}); a.Decided {
			t.Errorf("%s: %+v", name, a.Candidates[0])
		}
	}
}
