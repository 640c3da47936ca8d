package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/store"
)

// restored is a backup that was put back.
type restored struct {
	Database string `json:"database"`
	// SetAside is the name the database that was there has now, empty where
	// there was none.
	SetAside string `json:"set_aside,omitempty"`
	Next     string `json:"next"`
}

func (p *program) restoreCommand() *cobra.Command {
	var config, state, key string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the database; the box must be stopped", Args: exactArgs("FILE"),
		Long: "Put a backup in the place of the database. The box must be stopped\n(systemctl stop lineside), and the site key the backup was made under must be in\nits place. The database that was there is kept under another name.\n\n" +
			"A phone may have used its one-time password after the backup was made, so those\nthe backup holds unused are void at the next start; let a phone that waits use\nits own with: lineside device allow-otp MAC. Phones that enrolled after the\nbackup must enrol again.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if state != "" && cmd.Flags().Changed("config") {
				return usagef(cmd, "--config and --state both name the state directory: write one of them")
			}
			if state == "" {
				s, err := loadSettings(config)
				if err != nil {
					return hint(err, "name another settings file with --config, or the state directory with --state")
				}
				if answers(s.Listen.Socket) {
					return stopFirst(store.ErrInUse)
				}
				state = s.State
			}
			if key == "" {
				key = keyPath(state, os.Getenv("CREDENTIALS_DIRECTORY"))
			}
			done, err := p.restore(args[0], state, key)
			if err != nil {
				return err
			}
			return p.tellRestored(args[0], done)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&config, "config", defaultSettings, "settings file, which names the state directory")
	fl.StringVar(&state, "state", "", "state directory, where there is no settings file")
	fl.StringVar(&key, "key", "", "site key, where it is not site.key in the state directory")
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.MarkFlagDirname("state")
	_ = cmd.MarkFlagFilename("key")
	return cmd
}

// restore puts the backup back. The key is never minted here: a new one opens
// no backup.
func (p *program) restore(backup, state, keyFile string) (restored, error) {
	database := filepath.Join(state, "lineside.db")
	if _, err := os.Stat(keyFile); errors.Is(err, fs.ErrNotExist) {
		return restored{}, hint(fmt.Errorf("%w: %s is not there, and the backup opens with the key it was made under only", store.ErrKeyMissing, keyFile),
			"put that key there, or name it with --key FILE (the file systemd hands over, if the unit has LoadCredential=lineside.key)")
	}
	key, err := store.LoadKey(keyFile, database)
	if err != nil {
		return restored{}, mayRestore(err)
	}
	aside, err := store.Restore(database, backup, key, p.now())
	switch {
	case errors.Is(err, store.ErrInUse):
		return restored{}, stopFirst(err)
	case errors.Is(err, store.ErrKey):
		return restored{}, hint(err, "the key tried is %s; put the backup's own there, or name it with --key FILE", keyFile)
	case err != nil && aside != "":
		return restored{}, hint(err, "the database is now %s; free some room and restore again, or rename it back to %s", aside, database)
	case err != nil:
		return restored{}, mayRestore(err)
	}
	if err := giveTo(state, database); err != nil {
		return restored{}, hint(err, "give it to the daemon's user: chown --reference=%s %s", state, database)
	}
	return restored{Database: database, SetAside: aside,
		Next: "start the box (systemctl start lineside), see what status says, and let each phone that waits use its one-time password once more: lineside device allow-otp MAC"}, nil
}

func stopFirst(err error) error {
	return hint(err, "nothing was changed; stop it with: systemctl stop lineside; then restore, and start it again")
}

// mayRestore adds the way out where the rights are missing.
func mayRestore(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return hint(err, "use sudo")
	}
	return err
}

// giveTo makes the state directory's owner that of a file root has put there:
// the daemon runs as that user.
func giveTo(state, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(state)
	if err != nil {
		return fmt.Errorf("see whose the state directory is: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}

func (p *program) tellRestored(backup string, r restored) error {
	if p.json {
		return writeJSON(p.out, r)
	}
	was := "there was no database before"
	if r.SetAside != "" {
		was = "the database that was there is now " + r.SetAside
	}
	return errors.Join(
		p.say("%s is now the database %s", backup, r.Database), p.say("%s", was),
		p.say("one-time passwords not yet used are void after this: a phone may have used one since the backup"), p.next(r.Next),
	)
}
