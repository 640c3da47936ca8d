package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
)

// rotated is a site key that was changed.
type rotated struct {
	Database string `json:"database"`
	Devices  int    `json:"devices"`
	// Pending is the file the new key is in until the operator has put it in
	// its place; empty where it is there.
	Pending string `json:"pending,omitempty"`
	// Saved is the copy of the old key that was asked for.
	Saved string `json:"saved,omitempty"`
	// Old are databases set aside earlier; only the old key opens them.
	Old  []string `json:"old,omitempty"`
	Next string   `json:"next"`
}

func (p *program) keyCommand() *cobra.Command {
	cmd := shell.Group("key", "Change the site key, under which all secrets are sealed", p.keyRotateCommand())
	cmd.Long = "Change the site key, under which all secrets are sealed.\n\n" +
		"It lies in site.key of the state directory until systemd hands it over. To move it\nthere, encrypted to this machine, so that neither a copy of the disk nor a backup of\nthe state directory opens anything:"
	cmd.Example = "  systemd-creds encrypt --name=lineside.key /var/lib/lineside/site.key /etc/credstore.encrypted/lineside.key\n" +
		"  systemctl edit lineside     # [Service] LoadCredentialEncrypted=lineside.key:/etc/credstore.encrypted/lineside.key\n" +
		"  systemctl restart lineside  # once it is up, keep a copy of site.key where the backups are, and remove it here"
	return cmd
}

func (p *program) keyRotateCommand() *cobra.Command {
	var at stateFlags
	var save string
	cmd := &cobra.Command{
		Use: "rotate", Short: "Make a new site key and seal everything under it; the box must be stopped", Args: shell.NoArgs,
		Long: "Make a new site key and seal everything under it: the database and its last good\ncopy. The box must be stopped (systemctl stop lineside). Phones notice nothing:\ntheir logins, PINs and one-time passwords stay what they are. If power fails\nmeanwhile, the box starts all the same, under one of the two keys.\n\n" +
			"The old key is destroyed at the end. Backups made before open with it alone: keep\na copy with --save-old FILE as long as you keep them, and put one back with\nlineside restore BACKUP --key FILE. Whoever has both the old key and an old backup\nhas the passwords in it; change those at the platform if that is why you do this.\n\n" +
			"Where systemd hands the key over as a credential, run this with the credential\n(systemd-run) or name the file with --key; it then says how to put the new key in\nplace, which the box cannot do.",
		Example: "  lineside key rotate --save-old /root/site.key.2026\n" +
			"  systemd-run --pipe --wait -p LoadCredentialEncrypted=lineside.key:/etc/credstore.encrypted/lineside.key lineside key rotate",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := at.find(cmd); err != nil {
				return err
			}
			done, err := p.rotate(at, save)
			if err != nil {
				return err
			}
			return p.tellRotated(done)
		},
	}
	at.register(cmd)
	cmd.Flags().StringVar(&save, "save-old", "", "keep a copy of the old key in this file, for backups made before")
	_ = cmd.MarkFlagFilename("save-old")
	return cmd
}

// stateFlags name the state directory and the site key of a box that is
// stopped.
type stateFlags struct {
	config, state, key string
	given              bool // the key was named by the operator
}

func (f *stateFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.config, "config", defaultSettings, "settings file, which names the state directory")
	fl.StringVar(&f.state, "state", "", "state directory, where there is no settings file")
	fl.StringVar(&f.key, "key", "", "site key, where it is not site.key in the state directory")
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.MarkFlagDirname("state")
	_ = cmd.MarkFlagFilename("key")
}

// find completes the flags, and refuses beside a box that runs.
func (f *stateFlags) find(cmd *cobra.Command) error {
	if f.state != "" && cmd.Flags().Changed("config") {
		return shell.Usagef(cmd, "--config and --state both name the state directory: write one of them")
	}
	if f.state == "" {
		s, err := loadSettings(f.config)
		if err != nil {
			return shell.Hint(err, "name another settings file with --config, or the state directory with --state")
		}
		if answers(s.Listen.Socket) {
			return stopFirst(store.ErrInUse)
		}
		f.state = s.State
	}
	if f.given = f.key != ""; !f.given {
		f.key = f.own()
	}
	return nil
}

func (f *stateFlags) database() string { return filepath.Join(f.state, "lineside.db") }

// own is where the daemon looks for its key.
func (f *stateFlags) own() string { return keyPath(f.state, os.Getenv("CREDENTIALS_DIRECTORY")) }

func stopFirst(err error) error {
	return shell.Hint(err, "nothing was changed; stop it with: systemctl stop lineside; then do this again, and start it")
}

func (p *program) rotate(at stateFlags, save string) (rotated, error) {
	if _, err := os.Stat(at.key); errors.Is(err, fs.ErrNotExist) {
		return rotated{}, shell.Hint(fmt.Errorf("%w: %s is not there", store.ErrKeyMissing, at.key),
			"if systemd hands it over, name the file with --key FILE, or for an encrypted one run: systemd-run --pipe --wait -p LoadCredentialEncrypted=lineside.key:FILE lineside key rotate")
	}
	if save != "" {
		if err := saveKey(at, save); err != nil {
			return rotated{}, err
		}
	}
	done, err := store.Rotate(at.database(), at.key, audit.Actor{Front: "cli", Name: operatorName()}, p.now())
	switch {
	case errors.Is(err, store.ErrInUse):
		return rotated{}, stopFirst(err)
	case errors.Is(err, store.ErrKeyPending):
		return rotated{}, shell.Hint(err, "nothing was changed; put it there first: %s", placeKey(store.KeyPending(at.database())))
	case errors.Is(err, fs.ErrPermission):
		return rotated{}, shell.Hint(err, "use sudo")
	case errors.Is(err, store.ErrKey):
		return rotated{}, shell.Hint(err, "nothing was changed; the key tried is %s, name the one in use with --key FILE", at.key)
	case err != nil:
		return rotated{}, shell.Hint(err, "the box starts as it is: systemctl start lineside; free some room if the disk is full, and do this again")
	}
	out := rotated{Database: at.database(), Devices: done.Devices, Pending: done.Pending, Saved: save, Old: done.Old,
		Next: "start the box (systemctl start lineside) and take a backup: lineside backup FILE; keep a copy of the new key beside it"}
	if done.Pending != "" {
		out.Next = placeKey(done.Pending) + "; until then the box starts with the new key from where it lies"
	}
	return out, nil
}

// placeKey says how the operator puts a key where systemd takes it from.
func placeKey(pending string) string {
	return fmt.Sprintf("for LoadCredentialEncrypted= run systemd-creds encrypt --name=lineside.key %s FILE, for LoadCredential= run install -m 600 %s FILE, FILE being the one the unit names; then systemctl restart lineside, which removes %s", pending, pending, pending)
}

// saveKey keeps the key that is about to be destroyed.
func saveKey(at stateFlags, path string) error {
	if err := vacantOr(path, ": it may be the key of other backups"); err != nil {
		return err
	}
	if _, err := store.LoadKey(at.key, at.database()); err != nil { // a rotation that was cut changes it first
		return fmt.Errorf("save the old key: %w", err)
	}
	text, err := os.ReadFile(at.key)
	if err == nil {
		err = shell.WriteWhole(path, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	if err != nil {
		return fmt.Errorf("save the old key: %w", err)
	}
	return nil
}

// operatorName is who typed the command, for the audit log.
func operatorName() string {
	name := os.Getenv("SUDO_USER")
	if u, err := user.Current(); err == nil {
		name = cmp.Or(name, u.Username)
	}
	return name
}

func (p *program) tellRotated(r rotated) error {
	if p.json {
		return shell.WriteJSON(p.out, r)
	}
	err := p.say("%s is under a new site key, with %s; the old key is void", r.Database, count(r.Devices, "device", "devices"))
	if r.Pending != "" {
		err = errors.Join(err, p.say("the new key is in %s: systemd's credential is not the box's to write", r.Pending))
	}
	if r.Saved != "" {
		err = errors.Join(err, p.say("the old key is kept in %s", r.Saved))
	}
	for _, name := range r.Old {
		err = errors.Join(err, p.say("%s is still under the old key: remove it, or keep the old key for it", name))
	}
	return errors.Join(err, p.say("backups made before need the old key: lineside restore BACKUP --key OLDKEY"), p.next(r.Next))
}
