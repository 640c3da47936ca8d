package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// goPackage is what the go tool says of one package that is linked.
type goPackage struct {
	Dir      string
	Standard bool
	Module   *goModule
}

// goModule is the module a package comes from, after replacements.
type goModule struct {
	Path, Version, Sum, Dir string
	Main                    bool
}

// component is one thing that somebody else wrote and that is handed out.
type component struct {
	Name, Version, Sum string
	// URL names it among packages of its kind (package-url); empty for what is
	// no package.
	URL string
	// Texts are its licences and notices, in the order of their paths.
	Texts []text
}

// text is one file with a licence or notice.
type text struct {
	Path string   // below the component
	IDs  []string // SPDX; none for a notice
	Body string
}

// linked asks the go tool which packages the programs are made of.
func linked(programs []string) ([]goPackage, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, programs...)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("list what is linked into %v: %w: %s", programs, err, complaint.String())
	}
	var packages []goPackage
	for d := json.NewDecoder(&out); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the go tool's list: %w", err)
		}
		packages = append(packages, p)
	}
}

// components gathers what the packages come from, in the order of names, the
// language's own library among them.
func components(packages []goPackage) ([]component, error) {
	root, version, err := language()
	if err != nil {
		return nil, err
	}
	found := map[string]*component{}
	for _, p := range packages {
		switch {
		case p.Standard:
			err = gather(found, component{Name: "std", Version: version}, root, root)
		case p.Module == nil:
			err = fmt.Errorf("package in %s belongs to no module", p.Dir)
		case p.Module.Main:
			err = carried(found, p.Dir)
		default:
			err = gather(found, component{Name: p.Module.Path, Version: p.Module.Version, Sum: p.Module.Sum}, p.Dir, p.Module.Dir)
		}
		if err != nil {
			return nil, err
		}
	}
	var all []component
	for _, c := range found {
		slices.SortFunc(c.Texts, func(a, b text) int { return cmp.Compare(a.Path, b.Path) })
		if !slices.ContainsFunc(c.Texts, func(t text) bool { return len(t.IDs) > 0 }) {
			return nil, fmt.Errorf("%s %s comes with no licence: it may not be handed out", c.Name, c.Version)
		}
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b component) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// language asks for the folder and the version of the language that builds.
func language() (root, version string, err error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return "", "", fmt.Errorf("ask which Go builds: %w", err)
	}
	words := strings.Fields(string(out))
	if len(words) != 2 {
		return "", "", fmt.Errorf("ask which Go builds: got %q", out)
	}
	return words[0], strings.TrimPrefix(words[1], "go"), nil
}

// gather adds to a component the licences that count for its package in dir:
// those of dir and of each folder above it, up to the component's own.
func gather(found map[string]*component, c component, dir, top string) error {
	if found[c.Name] == nil {
		c.URL = "pkg:golang/" + c.Name + "@" + c.Version
		found[c.Name] = &c
	}
	for {
		if err := found[c.Name].read(dir, top); err != nil {
			return err
		}
		if dir == top {
			return nil
		}
		if dir = filepath.Dir(dir); len(dir) < len(top) {
			return fmt.Errorf("%s: a package lies outside %s", c.Name, top)
		}
	}
}

// read takes the texts that lie in dir.
func (c *component) read(dir, top string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for licences: %w", err)
	}
	for _, f := range files {
		if f.IsDir() || !isText(f.Name()) {
			continue
		}
		path := filepath.Join(dir, f.Name())
		below, err := filepath.Rel(top, path)
		if err != nil {
			return fmt.Errorf("look for licences: %w", err)
		}
		if slices.ContainsFunc(c.Texts, func(t text) bool { return t.Path == below }) {
			continue
		}
		t, err := readText(path, below)
		if err != nil {
			return err
		}
		c.Texts = append(c.Texts, t)
	}
	return nil
}

// carried finds what others wrote and a package of ours carries in itself: each
// is NAME.LICENSE beside its files, in a folder third_party.
func carried(found map[string]*component, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("look for what others wrote: %w", err)
		}
		name, isLicence := strings.CutSuffix(d.Name(), ".LICENSE")
		if !isLicence || filepath.Base(filepath.Dir(path)) != "third_party" {
			return nil
		}
		t, err := readText(path, d.Name())
		if err != nil {
			return err
		}
		found[name] = &component{Name: name, Texts: []text{t}}
		return nil
	})
}
