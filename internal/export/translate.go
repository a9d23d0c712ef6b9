package export

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// A translator writes the statements of one declaration in a dialect. What it
// does not know is a fault of a rule, and panics; the tests translate them all.
type translator struct {
	*dialect
	comments  ast.CommentMap
	constants map[string]bool
	out       strings.Builder
	depth     int
}

func (t *translator) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(&t.out, "%s%s\n", strings.Repeat("    ", t.depth), text)
}

func (t *translator) decl(node ast.Decl) string {
	switch n := node.(type) {
	case *ast.GenDecl:
		spec := n.Specs[0].(*ast.ValueSpec)
		t.doc(n.Doc, spec.Names[0].Name)
		t.line("%s", t.constant(t.name(spec.Names[0].Name), t.expr(spec.Values[0])))
	case *ast.FuncDecl:
		if t.end != "" {
			t.doc(n.Doc, n.Name.Name)
		}
		t.line("%s", t.dialect.function(t.name(n.Name.Name), t.params(n.Type)))
		t.depth++
		if t.end == "" {
			t.docstring(n)
		}
		t.depth--
		t.block(n.Body.List)
	}
	return strings.TrimRight(t.out.String(), "\n")
}

// doc writes a comment, which starts with name.
func (t *translator) doc(doc *ast.CommentGroup, name string) {
	text := comment(doc, t.comment)
	if rest, ok := strings.CutPrefix(text, t.comment+" "+name+" "); ok && name != "" {
		text = t.comment + " " + t.name(name) + " " + rest
	}
	for line := range strings.Lines(t.prose(text)) {
		t.line("%s", strings.TrimRight(line, "\n"))
	}
}

// docstring writes the comment of a function as Python has it.
func (t *translator) docstring(n *ast.FuncDecl) {
	if n.Doc == nil {
		return
	}
	text := strings.TrimSpace(n.Doc.Text())
	text = strings.TrimPrefix(text, n.Name.Name+" ")
	text = strings.ToUpper(text[:1]) + text[1:]
	lines := strings.Split(t.prose(text), "\n")
	if len(lines) > 1 {
		lines = append(lines, "")
	}
	lines[0] = `"""` + lines[0]
	lines[len(lines)-1] += `"""`
	for _, line := range lines {
		t.line("%s", line)
	}
}

var camelWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[a-z]+[A-Z][A-Za-z]*\b`) })

// prose writes the names in a comment as the language writes them.
func (t *translator) prose(text string) string { return camelWord().ReplaceAllStringFunc(text, t.name) }

// params are the parameters and the result of a function.
func (t *translator) params(f *ast.FuncType) string {
	var list []string
	for _, p := range f.Params.List {
		for _, name := range p.Names {
			text := t.name(name.Name)
			if t.local == "" {
				text += ": " + pythonParam(name.Name, p.Type)
			}
			list = append(list, text)
		}
	}
	params := "(" + strings.Join(list, ", ") + ")"
	if t.local == "" {
		result := "None"
		if f.Results != nil {
			result = pythonType(f.Results.List[0].Type)
		}
		if result == "Buffer" {
			result = "bytearray"
		}
		params += " -> " + result
	}
	return params
}

// pythonParam is the type of a parameter: what is appended to must not be bytes.
func pythonParam(name string, x ast.Expr) string {
	if name == "out" {
		return "bytearray"
	}
	return pythonType(x)
}

func pythonType(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return "State"
	case *ast.ArrayType:
		return "Buffer"
	case *ast.Ident:
		switch x.Name {
		case "string":
			return "bytes"
		case "byte":
			return "int"
		}
		return x.Name
	}
	panic(fmt.Sprintf("type %T", x))
}

// block writes the statements of a block, and its end.
func (t *translator) block(list []ast.Stmt) {
	t.body(list)
	if t.end != "" {
		t.line("%s", t.end)
	}
}

func (t *translator) body(list []ast.Stmt) {
	t.depth++
	for _, s := range list {
		for _, c := range t.comments[s] {
			if c.Pos() < s.Pos() {
				t.doc(c, "")
			}
		}
		t.stmt(s)
	}
	t.depth--
}

func (t *translator) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		t.assign(s)
	case *ast.IncDecStmt:
		t.update(t.expr(s.X), s.Tok.String()[:1], "1")
	case *ast.ExprStmt:
		t.line("%s", t.expr(s.X))
	case *ast.ReturnStmt:
		t.result(s)
	case *ast.IfStmt:
		t.ifChain(s)
		if t.end != "" {
			t.line("%s", t.end)
		}
	case *ast.SwitchStmt:
		t.switchChain(s)
	case *ast.ForStmt:
		t.line(t.loop, t.expr(s.Cond))
		t.block(s.Body.List)
	case *ast.RangeStmt:
		t.line("%s", t.count(t.name(s.Key.(*ast.Ident).Name), t.expr(s.X)))
		t.block(s.Body.List)
	default:
		panic(fmt.Sprintf("statement %T", s))
	}
}

func (t *translator) assign(s *ast.AssignStmt) {
	left, right := t.expr(s.Lhs[0]), s.Rhs[0]
	if call, ok := right.(*ast.CallExpr); ok {
		if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "append" {
			t.line("%s", t.appendTo(left, t.expr(call.Args[1]), call.Ellipsis.IsValid()))
			return
		}
		if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "bytesOf" && t.end != "" {
			t.line("%s%s = {}", t.local, left)
			return
		}
	}
	switch s.Tok {
	case token.DEFINE:
		t.line("%s%s = %s", t.local, left, t.expr(right))
	case token.ASSIGN:
		t.line("%s = %s", left, t.expr(right))
	default:
		t.update(left, s.Tok.String()[:1], t.expr(right))
	}
}

// update writes x += y, which Lua does not have.
func (t *translator) update(x, op, y string) {
	if t.local == "" {
		t.line("%s %s= %s", x, op, y)
		return
	}
	t.line("%s = %s %s %s", x, x, op, y)
}

func (t *translator) result(s *ast.ReturnStmt) {
	x := s.Results[0]
	if call, ok := x.(*ast.CallExpr); ok {
		if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "refuse" {
			t.line("%s", t.refuse(t.text(call.Args[0])))
			return
		}
	}
	if id, ok := x.(*ast.Ident); ok && id.Name == "out" && t.end != "" {
		t.line("return table.concat(out)")
		return
	}
	t.line("return %s", t.expr(x))
}

func (t *translator) ifChain(s *ast.IfStmt) {
	t.line("if %s%s", t.expr(s.Cond), t.then)
	for {
		t.body(s.Body.List)
		switch e := s.Else.(type) {
		case nil:
			return
		case *ast.IfStmt:
			t.line("%s%s%s", t.elseIf, t.expr(e.Cond), t.then)
			s = e
		case *ast.BlockStmt:
			t.line("else%s", strings.TrimSuffix(t.then, " then"))
			t.body(e.List)
			return
		}
	}
}

// switchChain writes a switch without a tag.
func (t *translator) switchChain(s *ast.SwitchStmt) {
	word := "if "
	for _, c := range s.Body.List {
		clause := c.(*ast.CaseClause)
		if clause.List == nil {
			t.line("else%s", strings.TrimSuffix(t.then, " then"))
		} else {
			t.line("%s%s%s", word, t.expr(clause.List[0]), t.then)
		}
		word = t.elseIf
		t.body(clause.Body)
		if len(clause.Body) == 0 && t.end == "" {
			t.depth++
			t.line("pass")
			t.depth--
		}
	}
	if t.end != "" {
		t.line("%s", t.end)
	}
}

func (t *translator) expr(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		switch x.Name {
		case "true":
			return t.yes
		case "false":
			return t.no
		}
		return t.name(x.Name)
	case *ast.BasicLit:
		return t.literal(x)
	case *ast.ParenExpr:
		return "(" + t.expr(x.X) + ")"
	case *ast.SelectorExpr:
		return t.expr(x.X) + "." + t.name(x.Sel.Name)
	case *ast.IndexExpr:
		return t.index(t.expr(x.X), t.expr(x.Index))
	case *ast.SliceExpr:
		low, high := "", ""
		if x.Low != nil {
			low = t.expr(x.Low)
		}
		if x.High != nil {
			high = t.expr(x.High)
		}
		return t.slice(t.expr(x.X), low, high)
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return t.not + t.expr(x.X)
		}
		return x.Op.String() + t.expr(x.X)
	case *ast.BinaryExpr:
		return t.binary(x)
	case *ast.CallExpr:
		return t.call(x)
	}
	panic(fmt.Sprintf("expression %T", x))
}

func (t *translator) binary(x *ast.BinaryExpr) string {
	left, right := t.expr(x.X), t.expr(x.Y)
	op := x.Op.String()
	switch x.Op {
	case token.QUO:
		return t.divide(left, right)
	case token.LAND:
		op = t.and
	case token.LOR:
		op = t.or
	case token.NEQ:
		op = t.unequal
	}
	return left + " " + op + " " + right
}

func (t *translator) call(x *ast.CallExpr) string {
	f := x.Fun.(*ast.Ident).Name
	var args []string
	for i, a := range x.Args {
		if f == "fail" && i == 2 {
			args = append(args, t.text(a))
			continue
		}
		args = append(args, t.expr(a))
	}
	list := strings.Join(args, ", ")
	switch f {
	case "int", "byte":
		return list
	case "len":
		return t.length(list)
	case "min", "max":
		if t.end != "" {
			f = "math." + f
		}
		return f + "(" + list + ")"
	case "bytesOf":
		return "bytearray(" + list + ")"
	}
	return t.name(f) + "(" + list + ")"
}

func (t *translator) literal(x *ast.BasicLit) string {
	switch x.Kind {
	case token.STRING:
		s, _ := strconv.Unquote(x.Value)
		return t.quote(s)
	case token.CHAR:
		r, _, _, _ := strconv.UnquoteChar(x.Value[1:], '\'')
		return t.char(byte(r))
	}
	return x.Value
}

// text is a string for people.
func (t *translator) text(x ast.Expr) string {
	return x.(*ast.BasicLit).Value
}

// name is an identifier as the language writes it: constants, which stand in no
// function, in capitals.
func (t *translator) name(name string) string {
	if t.constants[name] {
		return strings.ToUpper(snake(name))
	}
	return snake(name)
}

// snake writes firstSecond as first_second.
func snake(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// comment writes a comment behind mark.
func comment(doc *ast.CommentGroup, mark string) string {
	if doc == nil {
		return ""
	}
	var out strings.Builder
	for line := range strings.Lines(doc.Text()) {
		out.WriteString(strings.TrimRight(mark+" "+strings.TrimRight(line, "\n"), " ") + "\n")
	}
	return out.String()
}
