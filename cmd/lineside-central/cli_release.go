package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/update"
)

// maxKeyFile bounds a key's file and the password that goes with it, in bytes.
const maxKeyFile = 4 << 10

func (p *program) releaseCommand() *cobra.Command {
	return shell.Group("release", "Make the releases that boxes take as updates, and give them to boxes", p.releaseKeyCommand(), p.releaseSignCommand(), p.releaseShowCommand(),
		p.releaseAddCommand(), p.releaseListCommand(), p.releaseRolloutCommand(), p.releaseHaltCommand(),
		p.plain("remove VERSION", "Remove a release that is not being rolled out", "DELETE", "/releases/%s", "it is gone"))
}

func (p *program) releaseKeyCommand() *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use: "key NAME", Short: "Make a pair of keys to sign releases with", Args: shell.ExactArgs("NAME"),
		Long: "Make a pair of keys to sign releases with: NAME.key and NAME.pub, in the form of\nminisign. The password is read from standard input.\n\nWhoever has NAME.key and its password chooses what every box that trusts NAME.pub\nruns: keep it off every machine that others reach.",
		RunE: func(_ *cobra.Command, args []string) error {
			password, err := p.keyPassword(bare)
			if err != nil {
				return err
			}
			public, secret, err := update.MakeKeys(password)
			if err != nil {
				return err
			}
			for _, f := range []struct {
				name string
				text []byte
			}{{args[0] + ".key", secret}, {args[0] + ".pub", public}} {
				if err := writeNew(f.name, f.text); err != nil {
					return err
				}
			}
			return errors.Join(p.say("the keys are in %s.key and %s.pub", args[0], args[0]),
				p.say("  → put %s.pub on every box, into /etc/lineside/release.pub.d, owned by root", args[0]))
		},
	}
	cmd.Flags().BoolVar(&bare, "no-password", false, "keep NAME.key as it is, for a machine that signs by itself")
	return cmd
}

// keyPassword reads the password of a secret key.
func (p *program) keyPassword(bare bool) (phone.Secret, error) {
	if bare {
		return phone.Secret{}, nil
	}
	text, err := p.readInput(maxKeyFile)
	if err != nil {
		return phone.Secret{}, err
	}
	word := strings.TrimRight(string(text), "\r\n")
	if word == "" {
		return phone.Secret{}, shell.Hint(errors.New("the key's password is missing"), "write it to standard input, or say --no-password")
	}
	return phone.NewSecret(word), nil
}

// writeNew writes a file that is not there yet, for its owner alone.
func writeNew(path string, text []byte) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return shell.Hint(errors.Join(fmt.Errorf("%s is there already", path), err), "write another name")
	}
	if err := shell.WriteWhole(path, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// toSign is what the operator says of a release.
type toSign struct {
	key, out, notes string
	bare            bool
	programs        []string
	images          []string
	manifest        update.Manifest
}

func (p *program) releaseSignCommand() *cobra.Command {
	var s toSign
	cmd := &cobra.Command{
		Use: "sign VERSION", Short: "Make and sign a release", Args: shell.ExactArgs("VERSION"),
		Long:    "Make and sign a release: one file, lineside-VERSION.release, that boxes take with\n\"lineside update stage\". The password of the key is read from standard input.",
		Example: "  lineside-central release sign v1.4.0 --key makers.key --program linux/amd64=bin/lineside --notes-file NEWS",
		RunE: func(_ *cobra.Command, args []string) error {
			s.manifest.Version = args[0]
			path, err := p.sign(s)
			if err != nil {
				return err
			}
			return errors.Join(p.say("the release is in %s", path), p.say("  → give it to a box: lineside update stage %s", filepath.Base(path)))
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&s.key, "key", "", "file of the secret key, as minisign or \"release key\" makes it")
	fl.BoolVar(&s.bare, "no-password", false, "the key has no password")
	fl.StringArrayVar(&s.programs, "program", nil, "the program lineside of one system, linux/ARCH=FILE; one flag each")
	fl.StringArrayVar(&s.images, "image", nil, "the appliance's root for one system, linux/ARCH=FILE; one flag each")
	fl.StringVar(&s.manifest.After, "after", "", "lowest version it may follow; left out for any")
	fl.IntVar(&s.manifest.Schema, "schema", store.Schema(), "schema of the state its program writes")
	fl.IntVar(&s.manifest.BackTo, "back-to", store.Schema(), "oldest schema whose programs can read that")
	fl.StringVar(&s.notes, "notes-file", "", "file of a few sentences on what is new")
	fl.StringVar(&s.out, "out", ".", "directory to write the release to")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

// sign writes the release and gives its path.
func (p *program) sign(s toSign) (path string, err error) {
	s.manifest.Format, s.manifest.Made = update.Format, p.now().UTC().Truncate(time.Second)
	files := map[string]string{}
	for kind, list := range map[update.Kind][]string{update.Program: s.programs, update.Image: s.images} {
		for _, text := range list {
			a, file, err := artefactOf(kind, text)
			if err != nil {
				return "", err
			}
			files[a.Name] = file
			s.manifest.Artefacts = append(s.manifest.Artefacts, a)
		}
	}
	slices.SortFunc(s.manifest.Artefacts, func(a, b update.Artefact) int { return strings.Compare(a.Name, b.Name) })
	if s.notes != "" {
		text, err := readUpTo(s.notes, maxKeyFile)
		if err != nil {
			return "", err
		}
		s.manifest.Notes = strings.TrimSpace(string(text))
	}
	text, err := s.manifest.Text()
	if err != nil {
		return "", err
	}
	secret, err := readUpTo(s.key, maxKeyFile)
	if err != nil {
		return "", err
	}
	password, err := p.keyPassword(s.bare)
	if err != nil {
		return "", err
	}
	signer, err := update.OpenSigner(secret, password)
	if err != nil {
		return "", err
	}
	path = filepath.Join(s.out, update.FileName(s.manifest.Version))
	return path, shell.WriteWhole(path, func(w io.Writer) error {
		return update.Write(w, text, signer.Sign(text, p.now()), func(a update.Artefact) (io.ReadCloser, error) { return os.Open(files[a.Name]) })
	})
}

// artefactOf reads linux/ARCH=FILE.
func artefactOf(kind update.Kind, text string) (a update.Artefact, file string, err error) {
	system, file, named := strings.Cut(text, "=")
	goos, arch, parted := strings.Cut(system, "/")
	if !named || !parted || file == "" {
		return a, "", shell.Hint(fmt.Errorf("--%s %s names no system and file", kind, text), "write it such as linux/amd64=bin/lineside")
	}
	in, err := os.Open(file)
	if err != nil {
		return a, "", fmt.Errorf("read the %s: %w", kind, err)
	}
	defer func() { _ = in.Close() }() // nothing was written
	a, err = update.Describe(update.Artefact{Kind: kind, OS: goos, Arch: arch, Name: fmt.Sprintf("lineside-%s-%s-%s", kind, goos, arch)}, in)
	return a, file, err
}

// readUpTo reads a small file.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it is longer than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

func (p *program) releaseShowCommand() *cobra.Command {
	var public string
	cmd := &cobra.Command{
		Use: "show FILE", Short: "Check a release and show what is in it", Args: shell.ExactArgs("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := readUpTo(public, maxKeyFile)
			if err != nil {
				return err
			}
			key, err := update.ParseKey(text)
			if err != nil {
				return err
			}
			in, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the release: %w", err)
			}
			defer func() { _ = in.Close() }() // nothing was written
			r, err := update.Open(in, update.Keys{key})
			if err == nil {
				err = r.Check()
			}
			if err != nil {
				return fmt.Errorf("check %s: %w", args[0], err)
			}
			return p.show(r.Manifest, func() error { return p.sayRelease(r) })
		},
	}
	cmd.Flags().StringVar(&public, "key", "", "file of the public key it is to be signed by")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func (p *program) sayRelease(r *update.Reader) error {
	m := r.Manifest
	errs := []error{p.say("%s, made %s, signed by %s: whole", m.Version, m.Made.Format("2006-01-02 15:04 MST"), r.Key.ID)}
	for _, a := range m.Artefacts {
		errs = append(errs, p.say("  %s for %s/%s, %d bytes, SHA-256 %s", a.Kind, a.OS, a.Arch, a.Size, a.SHA256))
	}
	if m.Notes != "" {
		errs = append(errs, p.say("  %s", shell.Printable(m.Notes)))
	}
	return errors.Join(errs...)
}
