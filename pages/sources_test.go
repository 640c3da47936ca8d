package pages

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is what the sentences of the box are read from: the packages that speak
// to operators, as they are written.
type source struct {
	named map[string][]string      // what constants and errors say, by "package.Name"
	funcs map[string]*ast.FuncDecl // those that give text, by "package.name"
	files map[string][]*ast.File   // by package

	found map[string]string // sentence → where it is said
	deep  int
}

// scope is where an expression stands.
type scope struct {
	pkg  string
	body *ast.BlockStmt // of the function, nil outside
}

// readSources reads the packages at dirs, from the module's root.
func readSources(t *testing.T, dirs ...string) *source {
	t.Helper()
	s := &source{named: map[string][]string{}, funcs: map[string]*ast.FuncDecl{}, files: map[string][]*ast.File{}, found: map[string]string{}}
	set := token.NewFileSet()
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: got %d files, %v", dir, len(names), err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			s.files[f.Name.Name] = append(s.files[f.Name.Name], f)
		}
	}
	for range 2 { // a constant may name one that is read later
		for pkg, files := range s.files {
			for _, f := range files {
				s.declare(pkg, f)
			}
		}
	}
	return s
}

// declare notes what a file's names say.
func (s *source) declare(pkg string, f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if r := d.Type.Results; r != nil && len(r.List) == 1 && d.Body != nil {
				s.funcs[pkg+"."+d.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, name := range v.Names {
					if i < len(v.Values) {
						if text := s.says(v.Values[i], scope{pkg: pkg}); len(text) > 0 {
							s.named[pkg+"."+name.Name] = text
						}
					}
				}
			}
		}
	}
}

// says gives what an expression can say, "%s" for what is filled in; nil for
// nothing that is known.
func (s *source) says(e ast.Expr, in scope) []string {
	if s.deep++; s.deep > 12 {
		s.deep--
		return nil
	}
	defer func() { s.deep-- }()
	switch e := e.(type) {
	case *ast.ParenExpr:
		return s.says(e.X, in)
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{strings.ReplaceAll(text, "%", "%%")}
		}
		return nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return nil
		}
		return join(s.saysOr(e.X, in), s.saysOr(e.Y, in))
	case *ast.Ident:
		if text := s.assigned(e.Name, in); len(text) > 0 {
			return text
		}
		return s.named[in.pkg+"."+e.Name]
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return s.named[x.Name+"."+e.Sel.Name]
		}
	case *ast.CallExpr:
		return s.called(e, in)
	}
	return nil
}

// saysOr is says, with what is not known filled in.
func (s *source) saysOr(e ast.Expr, in scope) []string {
	if text := s.says(e, in); len(text) > 0 {
		return text
	}
	return []string{"%s"}
}

func join(before, after []string) (all []string) {
	for _, b := range before {
		for _, a := range after {
			all = append(all, b+a)
		}
	}
	return all[:min(len(all), 24)]
}

// called is what a call says: of fmt and errors, and of our own functions.
func (s *source) called(e *ast.CallExpr, in scope) []string {
	switch name := callee(e); name {
	case "errors.New":
		return s.says(e.Args[0], in)
	case "fmt.Sprintf", "fmt.Errorf":
		return s.formatted(e, in)
	case "operators.Fail", "fail":
		return s.says(e.Args[1], in)
	default:
		_, method, _ := strings.Cut(name, ".") // of a value of ours, or a function of another package: then there is none
		f := s.funcs[in.pkg+"."+cmp.Or(method, name)]
		if f == nil || slices.Contains([]string{"String", "Error", "title"}, f.Name.Name) { // names, and what is counted
			return nil
		}
		var all []string
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
				all = append(all, s.says(r.Results[0], scope{in.pkg, f.Body})...)
			}
			return true
		})
		return all
	}
}

func callee(e *ast.CallExpr) string {
	switch f := e.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

var verb = regexp.MustCompile(`%(%|[-+#0 ]*[0-9]*(?:\.[0-9]+)?[a-zA-Z])`)

// formatted fills a format with what its arguments say.
func (s *source) formatted(e *ast.CallExpr, in scope) []string {
	lit, ok := e.Args[0].(*ast.BasicLit)
	if !ok {
		return nil
	}
	format, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	all, at, arg := []string{""}, 0, 0
	for _, m := range verb.FindAllStringIndex(format, -1) {
		all, at = join(all, []string{format[at:m[0]]}), m[1]
		if format[m[0]:m[1]] == "%%" {
			all = join(all, []string{"%%"})
			continue
		}
		arg++
		fill := []string{"%s"}
		switch what := format[m[1]-1]; {
		case arg >= len(e.Args):
		case what == 's':
			fill = s.saysOr(e.Args[arg], in)
		case what == 'w': // an error of ours by its name; others are looked up by themselves
			fill = s.saysOr(e.Args[arg], scope{pkg: in.pkg})
		}
		all = join(all, fill)
	}
	return join(all, []string{format[at:]})
}

// assigned is what a variable of the function is set to.
func (s *source) assigned(name string, in scope) (all []string) {
	if in.body == nil {
		return nil
	}
	ast.Inspect(in.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name == name && len(n.Lhs) == len(n.Rhs) && (n.Tok == token.ASSIGN || n.Tok == token.DEFINE) {
					all = append(all, s.says(n.Rhs[i], in)...)
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if id.Name == name && i < len(n.Values) {
					all = append(all, s.says(n.Values[i], in)...)
				}
			}
		}
		return true
	})
	return all
}

// want notes sentences that a page can come to show. What has hardly a word of
// its own is no sentence: it would be found in others.
func (s *source) want(where string, sentences []string) {
	for _, text := range sentences {
		for strings.Contains(text, "%s%s") {
			text = strings.ReplaceAll(text, "%s%s", "%s")
		}
		text = strings.TrimSuffix(strings.TrimSpace(text), ".")
		own := strings.ReplaceAll(strings.ReplaceAll(text, "%s", ""), "%%", "")
		if strings.Count(own, " ") > 1 && len(letters.FindAllString(own, -1)) >= 5 && !unseen.MatchString(text) {
			s.found[text] = where
		}
	}
}

var letters = regexp.MustCompile(`[A-Za-z]`)

// unseen are the sentences no page shows: what is wrong with a program's own parts
// or files, for its log, and what command lines say.
var unseen = regexp.MustCompile(`^(admin|provision): |admin token|^serve admin API|^name the peer|backup is not whole: |^sheet %s|this build|is not valid: one-time password is not valid|^; and`)

// each calls do for every node of a package, with the function it stands in.
func (s *source) each(pkg string, do func(n ast.Node, in scope)) {
	for _, f := range s.files[pkg] {
		for _, d := range f.Decls {
			in := scope{pkg: pkg}
			if fn, ok := d.(*ast.FuncDecl); ok {
				in.body = fn.Body
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if n != nil {
					do(n, in)
				}
				return true
			})
		}
	}
}

// literals wants what fields of a literal of a type say.
func (s *source) literals(typ string, fields ...string) {
	for pkg := range s.files {
		s.each(pkg, func(n ast.Node, in scope) {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || typeName(lit.Type, pkg) != typ {
				return
			}
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && slices.Contains(fields, kv.Key.(*ast.Ident).Name) {
					s.want(pkg, s.says(kv.Value, in))
				}
			}
		})
	}
}

// typeName is a type as other packages write it.
func typeName(e ast.Expr, pkg string) string {
	switch e := e.(type) {
	case *ast.Ident:
		return pkg + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}

// calls wants what arguments of a call say.
func (s *source) calls(pkg, name string, args ...int) {
	s.each(pkg, func(n ast.Node, in scope) {
		if call, ok := n.(*ast.CallExpr); ok && callee(call) == name {
			for _, i := range args {
				if i < len(call.Args) {
					s.want(pkg, s.says(call.Args[i], in))
				}
			}
		}
	})
}

// assignments wants what fields are set to later, in functions that have a
// literal of the type.
func (s *source) assignments(fields ...string) {
	for pkg := range s.files {
		s.each(pkg, func(n ast.Node, in scope) {
			a, ok := n.(*ast.AssignStmt)
			if !ok || len(a.Lhs) != len(a.Rhs) {
				return
			}
			for i, l := range a.Lhs {
				if sel, ok := l.(*ast.SelectorExpr); ok && slices.Contains(fields, sel.Sel.Name) {
					s.want(pkg, s.says(a.Rhs[i], in))
				}
			}
		})
	}
}

// errors wants what the errors of a package say that name no inner cause, or one
// of ours: those are operators' own doing, and shown to them.
func (s *source) errors(pkg string) {
	s.each(pkg, func(n ast.Node, in scope) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		switch callee(call) {
		case "errors.New":
			s.want(pkg, s.says(call, in))
		case "fmt.Errorf":
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				return
			}
			verbs := verb.FindAllString(lit.Value, -1)
			if last := len(verbs) - 1; last >= 0 && verbs[last] == "%w" && len(s.says(call.Args[len(call.Args)-1], scope{pkg: in.pkg})) == 0 {
				return // the cause is somebody else's
			}
			s.want(pkg, s.says(call, in))
		}
	})
}

// answers wants the hints of the API's table from error to answer.
func (s *source) answers() {
	s.each("admin", func(n ast.Node, in scope) {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "answers" {
			return
		}
		for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
			cells := row.(*ast.CompositeLit).Elts
			s.want("admin", s.saysOr(cells[0], in))
			s.want("admin", s.says(cells[len(cells)-1], in))
		}
	})
}

// constants wants what the constants of a type say.
func (s *source) constants(pkg, typ string) {
	s.each(pkg, func(n ast.Node, in scope) {
		v, ok := n.(*ast.ValueSpec)
		if !ok || typeName(v.Type, pkg) != pkg+"."+typ {
			return
		}
		for _, value := range v.Values {
			for _, text := range s.says(value, in) {
				s.found[text] = pkg
			}
		}
	})
}
