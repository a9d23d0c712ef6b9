package framing

import "github.com/chancat/channel/frame"

// Presets that are a spelling of the length-field options and nothing else. Where
// the head has more than a length, sending writes there what makes the message the
// plainest one of the protocol.
var (
	// PacketStream is cs.packetstream (docs/wire.md §c).
	PacketStream = registerPreset("packetstream", "cs.packetstream: packet length, tag, flags and the rest", "bsuint")

	// MySQL sends with sequence number 0. A payload that is split because it has
	// 16 MiB - 1 bytes or more stays so many frames.
	MySQL = registerPreset("mysql", "MySQL and MariaDB: payload length, sequence number, payload", "u24le,skip=1")

	// Kafka has the size of a request or response, and that.
	Kafka = registerPreset("kafka", "Kafka: size, request or response", "u32be")

	// MongoDB sends OP_MSG.
	MongoDB = registerPreset("mongodb", "MongoDB: message length, request id, response to, opcode, the rest",
		"u32le,incl,skip=12,pad=0000000000000000dd070000")

	// DNS over TCP has the length of a message, and that.
	DNS = registerPreset("dns", "DNS over TCP (RFC 1035 §4.2.2): message length, message", "u16be")

	// MQTT sends PUBLISH with QoS 0.
	MQTT = registerPreset("mqtt", "MQTT 3.1.1 and 5: packet type and flags, remaining length, the rest", "varint,at=1,width=4,lead=30")

	// TLS sends application data of version 1.2, as 1.3 does too.
	TLS = registerPreset("tls", "TLS records: content type, version, length, fragment", "u16be,at=3,lead=170303")

	// GRPC is the message inside HTTP/2 DATA, not a framing of TCP.
	GRPC = registerPreset("grpc", "gRPC, inside HTTP/2 DATA: compressed flag, length, message", "u32be,at=1")

	// BGP sends UPDATE.
	BGP = registerPreset("bgp", "BGP-4 (RFC 4271): marker, length, type, the rest",
		"u16be,magic=ffffffffffffffffffffffffffffffff,incl,skip=1,pad=02")

	// Thrift is the framed transport; without it Thrift has no frames.
	Thrift = registerPreset("thrift", "Thrift framed transport: size, message", "u32be")

	// Modbus delivers and sends the unit identifier and the PDU.
	Modbus = registerPreset("modbus", "Modbus/TCP: transaction and protocol identifier, length, unit identifier, PDU", "u16be,at=4")

	// NativeMessaging is in the byte order of the machine, which is little-endian
	// wherever these browsers run.
	NativeMessaging = registerPreset("nativemessaging", "native messaging of Chrome and Firefox: length, JSON", "u32le")
)

func registerPreset(name, doc, spelling string) frame.Codec {
	c := presetCodec(spelling)
	length := readOptions(spelling).name
	return register(Spec{
		Name:      name,
		Doc:       doc,
		Preset:    spelling,
		Codec:     c,
		Canonical: length != "varint" && length != "bsuint",
	})
}

// presetField reads a spelling of the length-field options without magic.
func presetField(spelling string) *lengthField { return presetCodec(spelling).(*lengthField) }

// presetCodec reads a spelling of the length-field options. It does not ask the
// registry, which fills up while the presets are made.
func presetCodec(spelling string) frame.Codec {
	o := readOptions(spelling)
	c := parseLengthField(o, presetLength(o))
	if err := o.finish(Spec{Name: o.name}); err != nil {
		panic(spelling + ": " + err.Error()) // a fault of this package
	}
	return c
}

func presetLength(o *options) lengthCode {
	if o.name == "varint" {
		return varint{o.number("width", 1, maxVarint)}
	}
	return presetLengths[o.name]
}

var presetLengths = map[string]lengthCode{
	"u16be":  fixed{width: 2},
	"u24be":  fixed{width: 3},
	"u24le":  fixed{width: 3, little: true},
	"u32be":  fixed{width: 4},
	"u32le":  fixed{width: 4, little: true},
	"bsuint": bsuint{},
}
