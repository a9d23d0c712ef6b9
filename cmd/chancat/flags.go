package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/internal/nearest"
)

// seconds is the value of -w, and of every other flag that is a time: 300ms, 2m, or
// a bare number of seconds.
type seconds time.Duration

func (s *seconds) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

func (s *seconds) Type() string { return "TIME" }

func (s *seconds) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		*s = seconds(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("want a time such as 300ms, 2s or a number of seconds")
	}
	*s = seconds(d)
	return nil
}

// addTime adds a flag whose value is a time as -w takes it.
func addTime(flags *pflag.FlagSet, t *time.Duration, name string, value time.Duration, usage string) {
	*t = value
	flags.Var((*seconds)(t), name, usage)
}

// A limit is a time that a flag may set, to 0 as well.
type limit struct {
	seconds
	given bool
}

func (l *limit) Set(text string) error {
	l.given = true
	return l.seconds.Set(text)
}

// transportFlags say how the connection below the messages is made.
type transportFlags struct {
	ca, cert, key  string
	insecure       bool
	serverName     string
	headers        []string
	subprotocol    string
	text, binary   bool
	ipv4, ipv6     bool
	source         string
	sourcePort     int
	connectTimeout seconds
	waitUp         seconds
}

// ofConnection marks flags that help lists apart: there are many, and seldom needed.
const ofConnection = "chancat_of_connection"

func (f *transportFlags) addTLS(cmd *cobra.Command) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	defer addOfConnection(cmd, flags)
	flags.StringVar(&f.ca, "ca", "", "TLS: trust the certificates in `FILE`")
	flags.StringVar(&f.cert, "cert", "", "TLS: our certificate, PEM `FILE`")
	flags.StringVar(&f.key, "key", "", "TLS: the key of --cert, PEM `FILE`")
	flags.StringVar(&f.subprotocol, "subprotocol", "", "WebSocket: the `NAME` of the subprotocol")
	flags.BoolVar(&f.text, "text", false, "WebSocket: send text messages")
	flags.BoolVar(&f.binary, "binary", false, "WebSocket: send binary messages (default: text where it is UTF-8)")
	flags.BoolVarP(&f.ipv4, "ipv4", "4", false, "IPv4 only")
	flags.BoolVarP(&f.ipv6, "ipv6", "6", false, "IPv6 only")
}

// addOfConnection adds flags to those of cmd, marked.
func addOfConnection(cmd *cobra.Command, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) { flags.SetAnnotation(f.Name, ofConnection, nil) })
	cmd.Flags().AddFlagSet(flags)
	for _, pair := range [][2]string{{"text", "binary"}, {"ipv4", "ipv6"}} {
		if flags.Lookup(pair[0]) != nil {
			cmd.MarkFlagsMutuallyExclusive(pair[0], pair[1])
		}
	}
}

func (f *transportFlags) addDial(cmd *cobra.Command) {
	f.addTLS(cmd)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	defer addOfConnection(cmd, flags)
	flags.BoolVar(&f.insecure, "insecure", false, "TLS: accept any certificate")
	flags.StringVar(&f.serverName, "server-name", "", "TLS: the `NAME` to ask for and to check")
	flags.StringArrayVar(&f.headers, "header", nil, "WebSocket: a `'Name: value'` of the handshake; @FILE reads it from a file")
	flags.StringVar(&f.source, "source", "", "the local `ADDR` to connect from")
	flags.IntVar(&f.sourcePort, "source-port", 0, "the local `PORT` to connect from")
	flags.Var(&f.connectTimeout, "connect-timeout", "give up a dial after this time (default 10s)")
	flags.Var(&f.waitUp, "wait-up", "dial again for this long while nothing listens")
}

func (f *transportFlags) addListen(cmd *cobra.Command) {
	f.addTLS(cmd)
	cmd.Flags().Lookup("ca").Usage = "TLS: admit only clients with a certificate of an authority in `FILE`"
}

// listenOptions are for a listener on address.
func (f *transportFlags) listenOptions(e *env, address string, max int) (*endpoint.Options, error) {
	o, err := f.options(e, address, max)
	if err == nil && o.TLS != nil && f.ca != "" {
		o.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return o, err
}

// options are for a connection to address; max limits a message in bytes.
func (f *transportFlags) options(e *env, address string, max int) (*endpoint.Options, error) {
	config, err := f.tlsConfig()
	if err != nil {
		return nil, err
	}
	switch {
	case !strings.HasPrefix(address, "tls://") && !strings.HasPrefix(address, "wss://"):
		config = nil // it would ask for TLS on any address
	case e.verbose:
		config = cmp.Or(config, &tls.Config{})
		config.VerifyConnection = e.noteTLS
	}
	header, err := parseHeaders(f.headers)
	if err != nil {
		return nil, err
	}
	o := &endpoint.Options{
		TLS: config, DialTimeout: time.Duration(f.connectTimeout),
		Header: header, Subprotocol: f.subprotocol, Max: max,
		LocalAddr: f.localAddr(),
		Stdin:     e.stdin, Stdout: e.stdout, Stderr: e.stderr,
	}
	if e.verbose {
		o.OnWebSocket = e.noteWebSocket
	}
	switch {
	case f.text:
		o.Kind = endpoint.Text
	case f.binary:
		o.Kind = endpoint.Binary
	}
	switch {
	case f.ipv4:
		o.Family = 4
	case f.ipv6:
		o.Family = 6
	}
	return o, nil
}

func (f *transportFlags) localAddr() string {
	if f.source == "" && f.sourcePort == 0 {
		return ""
	}
	host := f.source
	if strings.Contains(host, ":") {
		host = "[" + strings.Trim(host, "[]") + "]"
	}
	return host + ":" + strconv.Itoa(f.sourcePort)
}

func (f *transportFlags) tlsConfig() (*tls.Config, error) {
	if f.ca == "" && f.cert == "" && !f.insecure && f.serverName == "" {
		return nil, nil
	}
	config := &tls.Config{InsecureSkipVerify: f.insecure, ServerName: f.serverName}
	if f.ca != "" {
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage(fmt.Errorf("--ca %s: no certificate in it; want PEM", f.ca))
		}
		config.ClientCAs = config.RootCAs
	}
	if f.cert != "" {
		certificate, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, &codedError{exitConnect, fmt.Errorf("--cert %s --key %s: %w", f.cert, f.key, err)}
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// parseHeaders reads the values of --header. A secret need not stand in argv:
// @FILE reads the header from a file.
func parseHeaders(lines []string) (map[string][]string, error) {
	header := map[string][]string{}
	for _, line := range lines {
		if file, ok := strings.CutPrefix(line, "@"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			line = strings.TrimSpace(string(text))
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(line, "\r\n") {
			return nil, usage(fmt.Errorf("--header %q: want 'Name: value'", name))
		}
		name = strings.TrimSpace(name)
		header[name] = append(header[name], strings.TrimSpace(value))
	}
	return header, nil
}

// flagError is what a person is told of err, which the flag package has found.
func flagError(cmd *cobra.Command, err error) error {
	said, source, parsed := strings.Cut(err.Error(), ": strconv.")
	meant := meantFlag(cmd, said)
	switch {
	case parsed && strings.Contains(source, strconv.ErrRange.Error()):
		said += ": the number is too large"
	case parsed:
		said += ": want a number"
	case strings.HasPrefix(said, "unknown") && (strings.Contains(cmd.Use, "[MSG") || strings.Contains(cmd.Use, "[PAYLOAD")):
		said += "; a message that begins with - stands behind --"
	}
	if !cmd.HasParent() && strings.HasPrefix(said, "unknown shorthand") {
		return usage(fmt.Errorf("%s; 'chancat help netcat' has those that stand without a command", said))
	}
	if meant != "" {
		return usage(fmt.Errorf("%s; did you mean %s? '%s --help' has all", said, meant, cmd.CommandPath()))
	}
	return usage(fmt.Errorf("%s; see '%s --help'", said, cmd.CommandPath()))
}

// meantFlag is the flag that one which said calls unknown was probably meant to be.
func meantFlag(cmd *cobra.Command, said string) string {
	typed, ok := strings.CutPrefix(said, "unknown flag: --")
	if !ok {
		return ""
	}
	var known []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	if name := nearest.Word(typed, known); name != "" {
		return "--" + name
	}
	return ""
}

// checkFlags checks what cobra would say in the words of its own source, and not
// as an error of usage.
func checkFlags(cmd *cobra.Command) error {
	given := map[string][]string{} // by group
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for _, group := range f.Annotations["cobra_annotation_mutually_exclusive"] {
			given[group] = append(given[group], spelled(f))
		}
	})
	for _, names := range given {
		if len(names) > 1 {
			return usage(fmt.Errorf("%s exclude each other; see '%s --help'", strings.Join(names, " and "), cmd.CommandPath()))
		}
	}
	if cmd.Flags().Changed("cert") != cmd.Flags().Changed("key") {
		return usage(errors.New("--cert and --key go together: one has the certificate, the other its key"))
	}
	return nil
}

// spelled is a flag as it is best known.
func spelled(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// exactArgs is cobra.ExactArgs with an error that says what is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage(fmt.Errorf("%s is missing; see '%s --help'", names[len(args)], cmd.CommandPath()))
		case len(args) > len(names):
			return usage(fmt.Errorf("unexpected argument %q; see '%s --help'", args[len(names)], cmd.CommandPath()))
		}
		return nil
	}
}

// addressAndCommand checks the arguments of ADDR -- CMD [ARG...], and that CMD is a
// program that can be run.
func addressAndCommand(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return exactArgs("ADDR")(cmd, args)
	case len(args) == 1 || args[1] == "":
		return usage(fmt.Errorf("CMD is missing: write it after --; see '%s --help'", cmd.CommandPath()))
	}
	if _, err := exec.LookPath(args[1]); err != nil {
		return &codedError{exitConnect, err}
	}
	return nil
}
