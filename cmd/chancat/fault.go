package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/view"
)

// A faultError is a broken frame together with its bytes, so that it can be
// shown.
type faultError struct {
	where string // a file, or an address
	err   *frame.Error
	bytes []byte // from the first byte of the broken frame
	hint  string
}

func (e *faultError) Error() string { return e.where + ": " + e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

// faultBytes bounds what is kept of a broken frame.
const faultBytes = 4 << 10

// A lostError is a connection that the peer has not ended as it should.
type lostError struct {
	where string
	err   error
}

func (e *lostError) Error() string {
	said := e.where + ": connection reset by peer"
	if errors.Is(e.err, syscall.EPIPE) {
		said = e.where + ": connection closed by peer while we were sending"
	}
	if f, ok := errors.AsType[*frame.Error](e.err); ok {
		said += fmt.Sprintf(", %d bytes into the frame at byte %d", f.Offset-f.Start, f.Start)
	}
	return said + "; it may have crashed, or closed without reading all that was sent"
}

func (e *lostError) Unwrap() error { return e.err }

// located adds to a broken frame where it was found, its bytes and what explains it, and to a
// lost connection with whom it was. Other errors are returned as they are.
func located(where string, err error, fault link.Fault) error {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return &lostError{where, err}
	}
	if alert := alertOf(err); alert != nil {
		return alertError(where, alert)
	}
	f, ok := errors.AsType[*frame.Error](err)
	if !ok || f.Cause == "" || as[*text.InputError](err) != nil { // what is broken is our own input
		return err
	}
	return &faultError{where, f, append([]byte{}, fault.Bytes[:min(len(fault.Bytes), faultBytes)]...), fault.Hint}
}

// recordedFault is the broken frame that an event tells of.
func recordedFault(where string, ev *session.Event) *faultError {
	return &faultError{where: where, bytes: ev.Data, hint: ev.Hint, err: &frame.Error{
		Start: ev.Offset, Offset: ev.At, Cause: frame.Cause(ev.Cause), Err: errors.New(withoutPlace(ev.Error)),
	}}
}

// withoutPlace is what a frame's error says behind the place, which is said
// elsewhere.
func withoutPlace(text string) string {
	for _, place := range []string{"frame at byte ", "byte "} {
		if at, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(at, place) {
			text = rest
		}
	}
	return text
}

// alertOf is the alert in err with which the peer has ended TLS; nil if there is none.
func alertOf(err error) *net.OpError {
	if alert := as[*net.OpError](err); alert != nil && alert.Op == "remote error" {
		return alert
	}
	return nil
}

// alertError tells of an alert with which the peer has ended TLS. With TLS 1.3 that
// can come after the handshake has succeeded here: a server judges the client's
// certificate last.
func alertError(where string, alert *net.OpError) error {
	if strings.Contains(alert.Err.Error(), "certificate") {
		return fmt.Errorf("%s: %w: it wants a certificate that it trusts from us: give --cert FILE --key FILE", where, alert)
	}
	return fmt.Errorf("%s: %w", where, alert)
}

// picture draws the bytes round the fault.
func (e *faultError) picture() []byte {
	return view.AppendFault(nil, e.bytes, e.err.Start, e.err.Offset)
}
