package export

import (
	"fmt"
	"strconv"
	"strings"
)

// A dialect is how a language writes what the rules say.
type dialect struct {
	shell, native string
	gap           string // between the words of a name
	golang        bool   // the rules are printed as they stand
	decodes       bool   // only: it has no use for encode
	nativeStart   string // an expression: how a function begins
	imports       []string

	comment               string
	and, or, not, unequal string
	yes, no               string
	local                 string // before the first assignment of a name
	then, loop            string // behind the condition of an if; the head of a loop
	elseIf                string
	end                   string // of a block
	function              func(name, params string) string
	constant              func(name, value string) string
	count                 func(name, n string) string // the head of a loop from 0 to n-1
	quote                 func(s string) string       // bytes
	char                  func(c byte) string
	length                func(x string) string
	index                 func(x, i string) string
	slice                 func(x, low, high string) string
	divide                func(x, y string) string
	appendTo              func(list, x string, many bool) string
	refuse                func(text string) string
}

var dialects = map[string]*dialect{
	"go": {shell: "go.tmpl", native: "native.go.txt", golang: true,
		imports: []string{"bytes", "encoding/binary", "errors", "fmt", "hash/crc32", "io", "slices", "strconv", "strings", "unicode/utf8"}},
	"python":        &python,
	"wireshark-lua": &lua,
}

var python = dialect{
	shell: "python.tmpl", native: "native.py.txt", gap: "_",
	nativeStart: `(?m)^def (\w+)`,
	imports:     []string{"binascii"},
	comment:     "#",
	and:         "and", or: "or", not: "not ", unequal: "!=", yes: "True", no: "False",
	then: ":", loop: "while %s:", elseIf: "elif ",
	function: func(name, params string) string { return "def " + name + params + ":" },
	constant: func(name, value string) string { return name + " = " + value },
	count:    func(name, n string) string { return "for " + name + " in range(" + n + "):" },
	quote:    pythonBytes,
	char:     func(c byte) string { return charName(c, `ord("%c")`) },
	length:   func(x string) string { return "len(" + x + ")" },
	index:    func(x, i string) string { return x + "[" + i + "]" },
	slice:    func(x, low, high string) string { return x + "[" + low + ":" + high + "]" },
	divide:   func(x, y string) string { return x + " // " + y },
	appendTo: func(list, x string, many bool) string {
		if many {
			return list + " += " + x
		}
		return list + ".append(" + x + ")"
	},
	refuse: func(text string) string { return "raise ValueError(" + text + ")" },
}

var lua = dialect{
	shell: "lua.tmpl", native: "native.lua.txt", gap: "_", decodes: true,
	nativeStart: `(?m)(?:^--.*\n)*^local function (\w+)`,
	comment:     "--",
	and:         "and", or: "or", not: "not ", unequal: "~=", yes: "true", no: "false",
	local: "local ", then: " then", loop: "while %s do", elseIf: "elseif ", end: "end",
	function: func(name, params string) string { return "local function " + name + params },
	constant: func(name, value string) string { return "local " + name + " = " + value },
	count: func(name, n string) string {
		if fixed, err := strconv.Atoi(n); err == nil {
			return fmt.Sprintf("for %s = 0, %d do", name, fixed-1)
		}
		return "for " + name + " = 0, " + n + " - 1 do"
	},
	quote:  luaString,
	char:   func(c byte) string { return charName(c, `ord("%c")`) },
	length: func(x string) string { return "#" + x },
	index:  func(x, i string) string { return x + ":byte(" + plusOne(i) + ")" },
	slice: func(x, low, high string) string {
		if high == "" {
			return x + ":sub(" + plusOne(low) + ")"
		}
		return x + ":sub(" + plusOne(low) + ", " + high + ")"
	},
	divide: func(x, y string) string { return "math.floor(" + x + " / " + y + ")" },
	appendTo: func(list, x string, many bool) string {
		if !many {
			x = "string.char(" + x + ")"
		}
		return list + "[#" + list + " + 1] = " + x
	},
}

// charName names a byte: by a letter where format shows one safely.
func charName(c byte, format string) string {
	switch {
	case c == '\r':
		return "CR"
	case c == '\n':
		return "LF"
	case c == '"' || c == '\\' || c < ' ' || c > '~':
		return fmt.Sprintf("0x%02X", c)
	}
	return fmt.Sprintf(format, c)
}

func pythonBytes(s string) string { return "b" + quoted(s, `\x%02x`) }

func luaString(s string) string { return quoted(s, `\%03d`) }

// quoted is s between quotes; other is how a byte is written that has no sign.
func quoted(s, other string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '"' || c == '\\':
			out.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, other, c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String() + `"`
}

// plusOne is an index of Lua, which counts from 1.
func plusOne(i string) string {
	if i == "" {
		return "1"
	}
	if n, err := strconv.Atoi(i); err == nil {
		return strconv.Itoa(n + 1)
	}
	if rest, ok := strings.CutSuffix(i, " - 1"); ok {
		return rest
	}
	return i + " + 1"
}

// imports returns those of the language's modules whose names stand before a dot.
func imports(d *dialect, names map[string]bool) []string {
	var used []string
	for _, path := range d.imports {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if name == "crc32" {
			name = "ieee" // crc32 is a function of the rules
		}
		if names[name] {
			used = append(used, path)
		}
	}
	return used
}
