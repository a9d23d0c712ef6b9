package export

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/chancat/channel/framing"
)

// A program is the rules of a framing with everything that they use.
type program struct {
	file
	dialect *dialect
	fset    *token.FileSet
	lib     map[string]*decl
	used    map[string]bool
	out     []*decl // callees first
}

// A decl is a function or a constant of the rules. One that is native is written
// in the language itself.
type decl struct {
	name   string
	node   ast.Decl
	source *ast.File
	native string
}

// entries are the functions by which a shell uses a rule.
var entries = []string{"scan", "message", "frameOf"}

func newProgram(f framing.Framing, d *dialect) (*program, error) {
	p := &program{dialect: d, fset: token.NewFileSet(), used: map[string]bool{}, lib: map[string]*decl{}}
	client, server := min(f.C2S.Max, maxMax), min(f.S2C.Max, maxMax)
	p.file = file{Spelling: shown(f.Spelling), Name: identifier(f.Spelling, d.gap), Max: client, ServerMax: server}
	texts, rule, err := ruleTexts(f.C2S.Codec, max(client, server))
	if err != nil {
		return nil, err
	}
	serverTexts, serverRule, err := ruleTexts(f.S2C.Codec, max(client, server))
	if err != nil {
		return nil, err
	}
	p.Pair = !slices.Equal(texts, serverTexts)
	p.TwoSided = p.Pair || rule.Server || serverRule.Server || client != server || rule.Name != serverRule.Name
	if err := p.library(max(client, server)); err != nil {
		return nil, err
	}
	if client == server {
		p.use(p.lib, "maxBody")
	}
	p.use(p.lib, "broken")
	if !d.decodes { // the others are told that a stream has ended
		p.use(p.lib, "idle")
	}
	own, serverOwn := map[string]*decl{}, map[string]*decl{}
	if err := p.declare(own, texts); err != nil {
		return nil, err
	}
	if err := p.declare(serverOwn, serverTexts); err != nil {
		return nil, err
	}
	p.rule(own, serverOwn, "Client")
	if p.Pair {
		p.rule(serverOwn, own, "Server")
	}
	p.print()
	return p, nil
}

// library reads what rules share.
func (p *program) library(limit int) error {
	var consts strings.Builder
	if err := rules().ExecuteTemplate(&consts, "consts.go.txt", fill{Max: limit, TooLarge: limit + 1<<18}); err != nil {
		return err
	}
	lib, err := ruleFiles.ReadFile("rules/lib.go.txt")
	if err != nil {
		return err
	}
	if err := p.natives(); err != nil {
		return err
	}
	return p.declare(p.lib, []string{consts.String(), string(lib)})
}

// natives reads what is written in the language itself.
func (p *program) natives() error {
	text, err := ruleFiles.ReadFile("rules/" + p.dialect.native)
	if err != nil {
		return err
	}
	if p.dialect.golang {
		return p.declare(p.lib, []string{string(text)})
	}
	blocks := regexp.MustCompile(p.dialect.nativeStart).FindAllSubmatchIndex(text, -1)
	for i, m := range blocks {
		end := len(text)
		if i+1 < len(blocks) {
			end = blocks[i+1][0]
		}
		name := string(text[m[2]:m[3]])
		p.lib[name] = &decl{name: name, native: strings.TrimSpace(string(text[m[0]:end]))}
	}
	return nil
}

// declare reads the declarations of texts.
func (p *program) declare(into map[string]*decl, texts []string) error {
	for _, text := range texts {
		f, err := parser.ParseFile(p.fset, "", text, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, text)
		}
		for _, node := range f.Decls {
			d := &decl{node: node, source: f}
			switch node := node.(type) {
			case *ast.FuncDecl:
				d.name = node.Name.Name
			case *ast.GenDecl:
				d.name = node.Specs[0].(*ast.ValueSpec).Names[0].Name
			}
			into[d.name] = d
		}
	}
	return nil
}

// rule adds the rule of one side. In a pair, what both sides have is named after
// the side.
func (p *program) rule(own, other map[string]*decl, side string) {
	all := maps.Clone(p.lib)
	maps.Copy(all, own)
	for _, entry := range entries {
		if own[entry] == nil || entry == "frameOf" && p.dialect.decodes {
			continue
		}
		if entry == "message" {
			p.Unescape = true
			p.ClientMessage = p.ClientMessage || side == "Client"
			p.ServerMessage = p.ServerMessage || side == "Server" || !p.Pair
		}
		p.use(all, entry)
	}
	if !p.Pair {
		return
	}
	for _, d := range own {
		ast.Inspect(d.node, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && own[id.Name] != nil && (other[id.Name] != nil || slices.Contains(entries, id.Name)) {
				id.Name += side
			}
			return true
		})
		if f, ok := d.node.(*ast.FuncDecl); ok && f.Doc != nil {
			f.Doc.List[0].Text = strings.Replace(f.Doc.List[0].Text, "// "+d.name+" ", "// "+f.Name.Name+" ", 1)
		}
		delete(p.used, d.name)
	}
}

var nativeWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[.:]?[A-Za-z_][A-Za-z_0-9]*`) })

// use adds a declaration behind those that it uses.
func (p *program) use(all map[string]*decl, name string) {
	d := all[name]
	if d == nil {
		d = all[snake(name)] // native
	}
	if d == nil || p.used[d.name] {
		return
	}
	p.used[d.name] = true
	if d.node == nil {
		for _, word := range nativeWord().FindAllString(d.native, -1) {
			if word == "BROKEN" {
				word = "broken"
			}
			if word != d.name {
				p.use(all, word)
			}
		}
	} else {
		ast.Inspect(d.node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				return false
			case *ast.Ident:
				if n.Name != name {
					p.use(all, n.Name)
				}
			}
			return true
		})
	}
	p.out = append(p.out, d)
}

var lineEnd = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(CR|LF)\b`) })

// print renders the declarations.
func (p *program) print() {
	var body strings.Builder
	seen, packages, constants := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, d := range p.out {
		if n, ok := d.node.(*ast.GenDecl); ok {
			constants[n.Specs[0].(*ast.ValueSpec).Names[0].Name] = true
		}
	}
	slices.SortStableFunc(p.out, func(a, b *decl) int { return a.rank() - b.rank() })
	for i, d := range p.out {
		if d.node != nil {
			ast.Inspect(d.node, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					x, _ := s.X.(*ast.Ident)
					switch {
					case x != nil && x.Name == "st":
						seen[s.Sel.Name] = true
					case x != nil:
						packages[x.Name] = true
					}
				}
				return true
			})
		} else {
			seen["nest"] = seen["nest"] || strings.Contains(d.native, "st.nest")
			packages["binascii"] = packages["binascii"] || strings.Contains(d.native, "binascii.")
		}
		text := d.native
		switch {
		case d.node != nil && p.dialect.golang:
			text = p.goText(d)
		case d.node != nil:
			t := &translator{dialect: p.dialect, comments: ast.NewCommentMap(p.fset, d.node, d.inside()), constants: constants}
			text = t.decl(d.node)
		}
		if i > 0 && p.dialect == &python && d.rank() > 0 {
			body.WriteString("\n") // functions stand two lines apart
		}
		body.WriteString(text + "\n\n")
	}
	p.Body = strings.TrimSpace(body.String())
	for _, f := range stateFields {
		if seen[f.Name] {
			p.Fields = append(p.Fields, f)
		}
	}
	p.Opens, p.Finals = seen["first"], seen["final"]
	p.LineEnds, p.Letters = lineEnd().MatchString(p.Body), strings.Contains(p.Body, "ord(")
	p.Imports = imports(p.dialect, packages)
}

// goText prints a declaration as it stands.
func (p *program) goText(d *decl) string {
	var text strings.Builder
	if err := format.Node(&text, p.fset, &printer.CommentedNode{Node: d.node, Comments: d.inside()}); err != nil {
		return err.Error()
	}
	return text.String()
}

// inside are the comments between the first and the last byte of a declaration.
func (d *decl) inside() []*ast.CommentGroup {
	var inside []*ast.CommentGroup
	for _, c := range d.source.Comments {
		if c.Pos() >= d.node.Pos() && c.End() <= d.node.End() {
			inside = append(inside, c)
		}
	}
	return inside
}

// rank puts constants before functions.
func (d *decl) rank() int {
	if _, constant := d.node.(*ast.GenDecl); constant {
		return 0
	}
	return 1
}
