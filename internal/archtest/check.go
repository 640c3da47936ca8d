package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is what the go tool says of one package, without its tests.
type Package struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	// TestGoFiles and XTestGoFiles are looked at for the package comment of a
	// package that is tests and nothing else.
	TestGoFiles, XTestGoFiles []string
	Imports                   []string
}

// name is the package's path below Module.
func (p Package) name() string { return strings.TrimPrefix(p.ImportPath, Module+"/") }

// Overlay replaces or adds files, as the go tool's -overlay does: path to path.
type Overlay map[string]string

// List asks the go tool for every package of the module that dir is in. It asks
// with -e: a forbidden import that also makes a cycle is named as what it is,
// and what does not compile is the compiler's matter.
func List(dir string, overlay Overlay) ([]Package, error) {
	args := []string{"list", "-e", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports"}
	if len(overlay) > 0 {
		file, err := overlay.Write()
		if err != nil {
			return nil, fmt.Errorf("write overlay: %w", err)
		}
		defer os.Remove(file)
		args = append(args, "-overlay", file)
	}
	cmd := exec.Command("go", append(args, "./...")...)
	cmd.Dir = dir
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, complaint.String())
	}
	return decode(&out)
}

// Write puts o into a new file, as the go tool reads it, and gives its name. It
// is the caller's to remove.
func (o Overlay) Write() (string, error) {
	f, err := os.CreateTemp("", "overlay-*.json")
	if err != nil {
		return "", err
	}
	err = json.NewEncoder(f).Encode(map[string]Overlay{"Replace": o})
	return f.Name(), errors.Join(err, f.Close())
}

func decode(r io.Reader) ([]Package, error) {
	var list []Package
	for dec := json.NewDecoder(r); ; {
		var p Package
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the go tool's list: %w", err)
		}
		list = append(list, p)
	}
}

// Check compares packages with the tables and says everything that is wrong,
// one line each, in order of package.
func Check(list []Package, rows []Row, owners []Owner) []string {
	var wrong []string
	for _, p := range list {
		i := slices.IndexFunc(rows, func(r Row) bool { return r.Package == p.name() })
		if i < 0 {
			wrong = append(wrong, fmt.Sprintf("%s: not in the table; give it a row in internal/archtest", p.name()))
			continue
		}
		for _, path := range p.Imports {
			if fault := edge(rows, i, path, owners); fault != "" {
				wrong = append(wrong, fmt.Sprintf("%s: imports %s", p.name(), fault))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// edge says what is wrong with rows[i] importing path, or nothing.
func edge(rows []Row, i int, path string, owners []Owner) string {
	ours, isOurs := strings.CutPrefix(path, Module+"/")
	switch {
	case isOurs:
		return edgeOurs(rows, i, ours)
	case !strings.Contains(strings.Split(path, "/")[0], "."):
		return "" // standard library
	}
	for _, o := range owners {
		if below(path, o.Module) {
			if slices.Contains(o.Packages, rows[i].Package) {
				return ""
			}
			return fmt.Sprintf("%s, which belongs to %s: %s", path, strings.Join(o.Packages, ", "), o.Why)
		}
	}
	return path + ", which no package owns; tests alone may import it"
}

func below(path, module string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(module, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

func edgeOurs(rows []Row, i int, ours string) string {
	j := slices.IndexFunc(rows, func(r Row) bool { return r.Package == ours })
	switch {
	case j < 0:
		return ours + ", which is not in the table"
	case rows[j].TestOnly && !rows[i].TestOnly:
		return ours + ", which is test code"
	case j >= i:
		return ours + ", which stands below it in the table"
	case rows[i].All || rows[i].TestOnly || slices.Contains(rows[i].May, ours):
		return ""
	}
	return fmt.Sprintf("%s, which its row does not name (%s: %s)", ours, rows[i].Package, rows[i].Why)
}

// Comments says which packages have not exactly one package comment.
func Comments(list []Package, overlay Overlay) ([]string, error) {
	var wrong []string
	for _, p := range list {
		var with []string
		for _, file := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			has, err := hasComment(filepath.Join(p.Dir, file), overlay)
			if err != nil {
				return nil, err
			}
			if has {
				with = append(with, file)
			}
		}
		switch len(with) {
		case 0:
			wrong = append(wrong, p.name()+": no file has a package comment")
		case 1:
		default:
			wrong = append(wrong, fmt.Sprintf("%s: package comments in %s; keep one", p.name(), strings.Join(with, ", ")))
		}
	}
	return wrong, nil
}

func hasComment(path string, overlay Overlay) (bool, error) {
	if other, ok := overlay[path]; ok {
		path = other
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return false, fmt.Errorf("read the package comment: %w", err)
	}
	return f.Doc != nil && strings.TrimSpace(f.Doc.Text()) != "", nil
}
