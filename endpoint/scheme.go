package endpoint

import (
	"context"
	"strings"

	"github.com/chancat/channel/internal/nearest"
	"github.com/chancat/channel/internal/socket"
)

// A Scheme is a form of address.
type Scheme struct {
	Prefix        string // what an address starts with
	Form, Meaning string
	Dial, Listen  bool // what can be done with it
}

// Schemes returns the forms of addresses, for help.
func Schemes() []Scheme {
	var list []Scheme
	for _, s := range schemes {
		list = append(list, Scheme{Prefix: s.prefix, Form: s.form, Meaning: s.meaning, Dial: s.dial != nil, Listen: s.listen != nil})
	}
	return list
}

// A scheme is an entry of the table. dial or listen is nil where the direction
// makes no sense.
type scheme struct {
	prefix        string // what an address starts with
	form, meaning string
	dial          func(ctx context.Context, address string, o *Options) (*Conn, error)
	listen        func(ctx context.Context, address string, o *Options) (Listener, error)
}

// The table is in the order of help. Each scheme is a file of its own.
var schemes = []scheme{tcpScheme, tlsScheme, unixScheme, wsScheme, wssScheme, udpScheme, execScheme, stdioScheme, serialScheme, fifoScheme, echoScheme}

// find returns the scheme of address. What names none is host:port.
func find(address string) (scheme, error) {
	if address == "-" {
		return stdioScheme, nil
	}
	for _, s := range schemes {
		if strings.HasPrefix(address, s.prefix) {
			return s, nil
		}
	}
	if name, _, ok := strings.Cut(address, "://"); ok {
		var forms []string
		for _, s := range schemes {
			forms = append(forms, s.form)
		}
		hint := "write one of " + strings.Join(forms, ", ")
		if meant := meant(name); meant != "" {
			hint = "did you mean " + meant + address[len(name)+len("://"):] + "? " + hint
		}
		return scheme{}, &socket.AddressError{Address: address, Reason: "unknown scheme \"" + name + "\"", Hint: hint}
	}
	return tcpScheme, nil
}

// meant returns the prefix that a scheme which is none was probably meant to be.
func meant(name string) string {
	switch name = strings.ToLower(name); name {
	case "http":
		return wsScheme.prefix
	case "https":
		return wssScheme.prefix
	case "ssl":
		return tlsScheme.prefix
	}
	var known []string
	for _, s := range schemes {
		if word, ok := strings.CutSuffix(s.prefix, "://"); ok {
			known = append(known, word)
		}
	}
	if word := nearest.Word(name, known); word != "" {
		return word + "://"
	}
	return ""
}
