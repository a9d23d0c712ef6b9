package main

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/chancat/channel/internal/profile"
)

// netcatArgs turns the spellings that a netcat user types into those of cobra:
//
//	chancat HOST PORT       connect HOST:PORT
//	chancat ADDR            connect ADDR
//	chancat @PROFILE        connect @PROFILE
//	chancat -l PORT         listen --once PORT
//	chancat -lk PORT        listen PORT
//	chancat -U PATH         connect unix:PATH
//	chancat -z HOST PORT    connect -z HOST:PORT
//
// Anything else is returned as it is. Before the command word, or the address,
// stand only -v, --color and -f; flags that netcat does not have may stand
// anywhere behind. docs/spec.md §7 has the rules.
func netcatArgs(args []string, c commandLine) ([]string, error) {
	before, rest := splitGlobals(args)
	if len(rest) == 0 {
		return args, nil
	}
	if first := rest[0]; !strings.HasPrefix(first, "-") || first == "-" {
		if c.isCommand(first) || !namesPeer(rest) {
			return args, nil
		}
	} else if !netcatFlag(first) {
		return args, nil
	}
	n := netcat{commandLine: c}
	if err := n.parse(rest); err != nil {
		return nil, err
	}
	command, err := n.command()
	return append(before, command...), err
}

// commandLine is what netcatArgs must know of the commands: their names, and
// which flags of connect and listen take a value.
type commandLine struct {
	isCommand  func(word string) bool
	takesValue func(flag string) bool // without its dashes
}

// splitGlobals separates the flags that may stand before the command word.
func splitGlobals(args []string) (globals, rest []string) {
	i := 0
	for i < len(args) {
		switch a := args[i]; {
		case a == "-v" || strings.HasPrefix(a, "--color=") || strings.HasPrefix(a, "--framing="):
			i++
		case a == "--color" || a == "-f" || a == "--framing":
			i = min(i+2, len(args))
		case strings.HasPrefix(a, "-f"):
			i++
		default:
			return args[:i:i], args[i:]
		}
	}
	return args[:i:i], nil
}

// netcatFlag reports whether a first argument is a flag, or a cluster of flags,
// with which a netcat command line can start.
func netcatFlag(arg string) bool {
	return !strings.HasPrefix(arg, "--") && strings.ContainsRune("lkuUzvpqsNw46n1", rune(arg[1]))
}

// namesPeer reports whether the operands at the start of args can only be meant
// as an address, and not as a command that was mistyped.
func namesPeer(args []string) bool {
	first := args[0]
	if strings.HasPrefix(first, profile.Mark) || strings.ContainsAny(first, ":./") || allDigits(first) || first == "localhost" || first == "-" {
		return true
	}
	return len(args) > 1 && allDigits(args[1])
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// netcat is a command line in netcat's spelling, taken apart.
type netcat struct {
	commandLine
	listen, keep, udp, unix bool
	port                    string // of -p
	wait, quit              string // of -w and -q
	flags                   []string
	operands                []string
}

func (n *netcat) parse(args []string) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			n.operands = append(n.operands, args[i+1:]...)
			return nil
		case strings.HasPrefix(a, "--"):
			n.flags = append(n.flags, a)
			if n.takesValue(a[2:]) && i+1 < len(args) {
				i++
				n.flags = append(n.flags, args[i])
			}
		case len(a) > 1 && a[0] == '-':
			used, err := n.cluster(a[1:], args[i+1:])
			if err != nil {
				return err
			}
			i += used
		default:
			n.operands = append(n.operands, a)
		}
	}
	return nil
}

// cluster takes apart letters that share a dash, and returns how many of the
// arguments that follow it used.
func (n *netcat) cluster(letters string, next []string) (used int, err error) {
	for i, letter := range letters {
		flag := string(letter)
		switch flag {
		case "l":
			n.listen = true
		case "k":
			n.keep = true
		case "u":
			n.udp = true
		case "U":
			n.unix = true
		case "N": // half-closing at the end of the input is what we do anyway
		case "p", "q", "s":
			value, used, err := flagValue(flag, letters[i+1:], next)
			if err != nil {
				return 0, err
			}
			switch flag {
			case "p":
				n.port = value
			case "q":
				n.quit = value
			case "s":
				n.flags = append(n.flags, "--source", value)
			}
			return used, nil
		default:
			if n.takesValue(flag) {
				value, used, err := flagValue(flag, letters[i+1:], next)
				n.flags = append(n.flags, "-"+flag, value)
				if flag == "w" {
					n.wait = value
				}
				return used, err
			}
			n.flags = append(n.flags, "-"+flag)
		}
	}
	return 0, nil
}

// flagValue is the value of a short flag: the rest of its argument, or the next
// one.
func flagValue(flag, rest string, next []string) (value string, used int, err error) {
	if rest != "" {
		return strings.TrimPrefix(rest, "="), 0, nil
	}
	if len(next) == 0 {
		return "", 0, fmt.Errorf("flag needs an argument: '%s' in -%s", flag, flag)
	}
	return next[0], 1, nil
}

// command returns the arguments that cobra is to see.
func (n *netcat) command() ([]string, error) {
	address, err := n.address()
	if err != nil {
		return nil, err
	}
	words := []string{"connect"}
	switch {
	case n.listen && n.keep:
		words = []string{"listen"}
	case n.listen:
		words = []string{"listen", "--once"}
	case n.keep:
		return nil, errors.New("-k keeps a listener listening: it needs -l")
	case n.port != "":
		words = append(words, "--source-port", n.port)
	}
	if n.wait != "" && !n.listen { // netcat's -w limits the dial too
		words = append(words, "--connect-timeout", n.wait)
	}
	// A negative time is for ever, and a listener that is kept does not end.
	if n.quit != "" && !n.keep && !strings.HasPrefix(n.quit, "-") {
		words = append(words, "--quit-after", n.quit)
	}
	words = append(words, n.flags...)
	return append(words, "--", address), nil
}

func (n *netcat) address() (string, error) {
	operands := n.operands
	if n.listen && n.port != "" {
		if len(operands) > 1 {
			return "", fmt.Errorf("a port is given twice: -p %s and %q", n.port, operands[1])
		}
		operands = append(operands, n.port)
	}
	switch {
	case n.unix && n.udp:
		return "", errors.New("-U and -u exclude each other: unix: is a stream")
	case n.unix && len(operands) == 1:
		return "unix:" + operands[0], nil
	case n.unix:
		return "", errors.New("-U takes one operand, the path of the socket")
	case len(operands) == 0 && n.listen:
		return "", errors.New("the port is missing, as in 'chancat -l 5000'; 'chancat help netcat' has the spellings")
	case len(operands) == 0 || len(operands) > 2:
		return "", fmt.Errorf("want ADDR, or HOST PORT, got %d operands; 'chancat help netcat' has the spellings", len(operands))
	case len(operands) == 2:
		operands[0] = net.JoinHostPort(strings.Trim(operands[0], "[]"), operands[1])
	}
	if n.udp {
		return "udp://" + operands[0], nil
	}
	return operands[0], nil
}
