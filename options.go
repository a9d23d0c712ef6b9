package channel

import (
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/socket"
)

// Options configures a Channel and the connection below it. A nil *Options means
// all defaults.
type Options struct {
	// Codec is the framing of both directions; nil means framing.MSG.
	Codec frame.Codec
	// SendCodec is the framing of what is sent where it differs from Codec.
	SendCodec frame.Codec
	// MaxMessage limits the body of a received frame, in bytes; 0 means 16 MiB.
	MaxMessage int

	// TLS makes Dial, Connect and Listen speak TLS on a TCP address, and sets the
	// particulars for a tls:// address. A listener needs a certificate in it.
	TLS *tls.Config
	// DialTimeout limits one dial, its TLS handshake included; 0 means 10 s.
	DialTimeout time.Duration
	// ReusePort lets several listeners share a port (SO_REUSEPORT): the kernel
	// then spreads the clients over them.
	ReusePort bool
	// OnListen is called once with the real address before the first client is
	// accepted; it tells the port that port 0 became.
	OnListen func(net.Addr)
	// Logger is told who connects; nil means nobody is.
	Logger *slog.Logger
}

func (o *Options) codec() frame.Codec {
	if o == nil || o.Codec == nil {
		return framing.MSG
	}
	return o.Codec
}

func (o *Options) sendCodec() frame.Codec {
	if o == nil || o.SendCodec == nil {
		return o.codec()
	}
	return o.SendCodec
}

func (o *Options) maxMessage() int {
	if o == nil || o.MaxMessage == 0 {
		return framing.DefaultMax
	}
	return o.MaxMessage
}

func (o *Options) socket() *socket.Options {
	if o == nil {
		return nil
	}
	return &socket.Options{TLS: o.TLS, Timeout: o.DialTimeout, ReusePort: o.ReusePort}
}

func (o *Options) logger() *slog.Logger {
	if o == nil || o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}
