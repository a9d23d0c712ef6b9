package socket

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// An Error is a failed attempt to connect, listen or shake hands.
type Error struct {
	Op      string // "dial", "listen" or "accept"
	Address string // as [Address.String] spells it
	Hint    string // the likely cause and what to try; may be empty
	Err     error
}

func (e *Error) Error() string {
	s := e.Op + " " + e.Address + ": " + cause(e.Err).Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Down reports whether nothing listens there, which may change.
func (e *Error) Down() bool {
	unix := strings.HasPrefix(e.Address, "unix:")
	return e.Op == "dial" && (errors.Is(e.Err, errRefused) || unix && errors.Is(e.Err, fs.ErrNotExist))
}

// cause peels off the layers that repeat the operation and the address.
func cause(err error) error {
	for {
		switch e := err.(type) {
		case *net.OpError:
			if e.Op == "remote error" { // a TLS alert: whose error it is matters
				return e
			}
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		case *fs.PathError:
			err = e.Err
		case *tls.CertificateVerificationError:
			err = e.Err
		case *net.DNSError:
			return errors.New(e.Err)
		default:
			return err
		}
	}
}

// explain makes err an [*Error] with a hint.
func explain(op string, a Address, err error) *Error {
	return &Error{Op: op, Address: a.String(), Hint: hint(op, a, err), Err: err}
}

func hint(op string, a Address, err error) string {
	if errors.Is(err, context.Canceled) {
		return ""
	}
	if h := hintTLS(op, err); h != "" {
		return h
	}
	if a.Network == "unix" {
		return hintUnix(op, a, err)
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "check the spelling of the host"
	case errors.As(err, &dns):
		return "the name server does not answer; try the IP address"
	case errors.Is(err, errRefused):
		return "nothing listens there; start the peer first"
	case errors.Is(err, errAddrInUse):
		return "another program listens on " + a.Addr + "; choose another port, or 0 for any free one"
	case errors.Is(err, errAddrNotAvail) && op == "listen":
		return "no interface of this machine has that address; try localhost or 0.0.0.0"
	case errors.Is(err, fs.ErrPermission) && op == "listen" && privileged(a.Addr):
		return "ports below 1024 need privileges; choose a higher one"
	case errors.Is(err, errHostUnreach), errors.Is(err, errNetUnreach):
		return "there is no route to that host; check the address and the network"
	case isTimeout(err):
		return "no answer in time; the host may be down, or a firewall may drop the packets"
	}
	return ""
}

func hintUnix(op string, a Address, err error) string {
	switch {
	case errors.Is(err, syscall.EINVAL) && len(a.Addr) > unixPathMax:
		return fmt.Sprintf("the path has %d bytes, a socket's may have %d; use a shorter or a relative one", len(a.Addr), unixPathMax)
	case errors.Is(err, errAddrInUse):
		return "another program listens on " + a.Addr
	case errors.Is(err, fs.ErrNotExist) && op == "dial":
		return "there is no such file; start the peer first"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such directory"
	case errors.Is(err, errRefused) && a.Addr[0] == '@':
		return "nothing listens on that name; start the peer first"
	case errors.Is(err, errRefused):
		return "nothing listens there; the file was left behind by a listener that is gone, or is not a socket"
	case errors.Is(err, fs.ErrPermission):
		return "the permissions of the file or its directory forbid it"
	case isTimeout(err):
		return "no answer in time; the listener may be overloaded"
	}
	return ""
}

func hintTLS(op string, err error) string {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		plain   tls.RecordHeaderError
		alert   *net.OpError
		inTLS   *handshakeError
	)
	switch {
	case errors.As(err, &unknown):
		return "nothing vouches for the peer's certificate; name its authority with --ca FILE, or use --insecure to go without the check"
	case errors.As(err, &name):
		return "the certificate is for another name; give that with --server-name NAME"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "check the clock, or use --insecure to go without the check"
	case errors.As(err, &plain):
		return "the peer does not speak TLS"
	case errors.As(err, &alert) && alert.Op == "remote error" && op == "accept":
		return "the client does not trust our certificate, or offers nothing that we can agree on"
	case errors.As(err, &alert) && alert.Op == "remote error":
		return "the peer wants a certificate (--cert FILE --key FILE), or offers nothing that we can agree on"
	case !errors.As(err, &inTLS):
		return ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errReset):
		return "the peer closed during the TLS handshake; it may not speak TLS"
	case isTimeout(err):
		return "the peer did not answer the TLS handshake; it may not speak TLS"
	}
	return ""
}

// A handshakeError tells a failure of the TLS handshake from one of the
// connection below it.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + cause(e.err).Error() }
func (e *handshakeError) Unwrap() error { return e.err }

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errTimedOut)
}

func privileged(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1024
}
