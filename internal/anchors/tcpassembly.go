package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/gopacket/gopacket/tcpassembly"
)

// assemble counts the messages in a capture with gopacket and its tcpassembly, in
// the fastest way that it documents: layers decoded in place, packets not copied.
// The bytes of a stream are cut into messages where they lie, by the codec alone. If
// out is not nil each is written to it as a line.
func assemble(path string, out *bufio.Writer) (messages int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	r, err := pcapgo.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return 0, err
	}
	var (
		ethernet layers.Ethernet
		ip       layers.IPv4
		tcp      layers.TCP
		found    []gopacket.LayerType
	)
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &ethernet, &ip, &tcp)
	parser.IgnoreUnsupported = true // the payload
	streams := &messageStreams{out: out}
	assembler := tcpassembly.NewAssembler(tcpassembly.NewStreamPool(streams))
	for {
		data, info, err := r.ZeroCopyReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		if err := parser.DecodeLayers(data, &found); err != nil {
			return 0, err
		}
		assembler.AssembleWithTimestamp(ip.NetworkFlow(), &tcp, info.Timestamp)
	}
	assembler.FlushAll()
	if out != nil && streams.err == nil {
		streams.err = out.Flush()
	}
	return streams.messages, streams.err
}

// messageStreams makes the streams of the connections, and counts their messages.
type messageStreams struct {
	out      *bufio.Writer
	messages int
	err      error
}

func (s *messageStreams) New(_, _ gopacket.Flow) tcpassembly.Stream {
	return &messageStream{all: s}
}

type messageStream struct {
	all   *messageStreams
	rest  []byte // the start of a message
	state frame.State
}

func (s *messageStream) Reassembled(pieces []tcpassembly.Reassembly) {
	for _, p := range pieces {
		data := p.Bytes
		if len(s.rest) > 0 {
			s.rest = append(s.rest, data...)
			data = s.rest
		}
		for len(data) > 0 {
			span, need, err := framing.MSG.Scan(data, &s.state)
			if err != nil {
				s.all.err = fmt.Errorf("message %d: %w", s.all.messages, err)
				return
			}
			if need > 0 {
				break
			}
			s.state = frame.State{}
			s.all.messages++
			if s.all.out != nil {
				s.all.out.Write(data[span.Head : span.Head+span.Body]) // Flush has its error
				s.all.out.WriteByte('\n')
			}
			data = data[span.Len():]
		}
		s.rest = append(s.rest[:0], data...)
	}
}

func (s *messageStream) ReassemblyComplete() {}
