package export

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"text/template"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

//go:embed rules/*.txt
var ruleFiles embed.FS

// rules are parsed when the first is needed: most runs of the program need none.
var rules = sync.OnceValue(func() *template.Template {
	next := template.FuncMap{"inc": func(i int) int { return i + 1 }}
	return template.Must(template.New("").Funcs(next).ParseFS(ruleFiles, "rules/*.go.txt"))
})

// jsonParts are what may follow in a JSON text.
var jsonParts = []string{"jsonValue", "jsonFirst", "jsonFirstKey", "jsonKey", "jsonColon", "jsonNext", "jsonString", "jsonEscape", "jsonHex",
	"jsonLiteral", "jsonMinus", "jsonZero", "jsonDigits", "jsonPoint", "jsonFraction", "jsonExponent", "jsonSign", "jsonPower", "jsonDone"}

// A fill is what the text of a rule has places for: the length field with its
// expressions worked out.
type fill struct {
	framing.Rule
	Scan          string // the name of the function that reads a length field
	Max, TooLarge int
	JSON          []string

	Behind, Last, Head int // indices: behind the length, of its last byte, behind the head
	Tail               int // bytes
	Counted            string
	Plus               string // what is added to the body's length for what is written
	Misfit             string // the condition under which that cannot be written
	Rest, Low, KeptAt  int    // of a message that holds the end of the head
}

// ruleTexts returns the sources of the rule of a codec.
func ruleTexts(c frame.Codec, limit int) ([]string, framing.Rule, error) {
	r, ok := framing.RuleOf(c)
	if !ok {
		return nil, r, errors.New("it has no rule that can be exported")
	}
	f := fill{Rule: r, Scan: "scan", JSON: jsonParts, Max: limit, TooLarge: limit + 1<<18}
	names := []string{r.Name}
	switch r.Name {
	case "amqp", "http2", "postgres":
		f.Scan = "scanField"
		names = []string{"length", r.Name}
	case "crlf", "nul":
		names = []string{"delim"}
	case "nats", "memcached", "stomp":
		names = []string{"commands", r.Name, "oneframe"}
	case "resp", "fastdaemon", "fastdaemon-chars":
		names = []string{r.Name, "oneframe"}
	case "json", "jsonseq":
		names = []string{"jsontext", r.Name}
	}
	f.length()
	var texts []string
	for _, name := range names {
		t := rules().Lookup(name + ".go.txt")
		if t == nil {
			return nil, r, fmt.Errorf("no rule is written for %s", name)
		}
		var text strings.Builder
		if err := t.Execute(&text, f); err != nil {
			return nil, r, err
		}
		texts = append(texts, text.String())
	}
	return texts, r, nil
}

// length works out the expressions of a length field.
func (f *fill) length() {
	l := f.Length
	lead := len(l.Lead)
	f.Behind = lead + l.Width
	f.Last = f.Behind - 1
	f.Head = f.Behind + len(l.Pad)
	f.Tail = len(l.Trail)
	if l.Checksum != "" {
		f.Tail = map[string]int{"crc16": 2, "crc32": 4, "sum8": 1}[l.Checksum]
	}
	plus := l.Plus
	switch {
	case l.Incl && l.Code == "fixed":
		plus += l.Width
		f.Counted = fmt.Sprint(plus)
	case l.Incl:
		f.Counted = strings.TrimSuffix("at"+signed(plus-lead), " + 0")
	case plus != 0:
		f.Counted = fmt.Sprint(plus)
	}
	if plus != 0 {
		f.Plus = signed(plus)
	}
	bits := 8 * l.Width
	if l.Code != "fixed" {
		bits = 7 * l.Width
	}
	var misfits []string
	if plus < 0 {
		misfits = append(misfits, "value < 0")
	}
	switch {
	case bits < 31:
		misfits = append(misfits, fmt.Sprintf("value > %d", 1<<bits-1))
	case bits < 48: // in halves, for machines of 32 bits
		misfits = append(misfits, fmt.Sprintf("value/65536 > %d", 1<<(bits-16)-1))
	}
	f.Misfit = strings.Join(misfits, " || ")
	if l.Kept {
		f.Rest = f.Behind - l.Strip
		f.Low = max(l.Strip, lead)
		f.KeptAt = f.Low - l.Strip
	}
}

func signed(n int) string {
	if n < 0 {
		return fmt.Sprintf(" - %d", -n)
	}
	return fmt.Sprintf(" + %d", n)
}
