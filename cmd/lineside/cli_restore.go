package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
)

// restored is a backup that was put back.
type restored struct {
	Database string `json:"database"`
	// SetAside is the name the database that was there has now, empty where
	// there was none.
	SetAside string `json:"set_aside,omitempty"`
	// Rekeyed says that it was sealed anew, from the key it was made under to
	// the one the box has.
	Rekeyed bool `json:"rekeyed,omitempty"`
	// Templates are those put back; null after a backup that holds none because
	// it is an older one, which leaves those there alone.
	Templates []string `json:"templates"`
	// TemplatesAside is the folder that has templates which were there and were
	// others, empty where there were none.
	TemplatesAside string `json:"templates_aside,omitempty"`
	// Settings says of each settings file of the backup what became of it.
	Settings []string         `json:"settings,omitempty"`
	LeftOut  []backup.LeftOut `json:"left_out,omitempty"`
	Next     string           `json:"next"`
}

func (p *program) restoreCommand() *cobra.Command {
	var at stateFlags
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the database; the box must be stopped", Args: shell.ExactArgs("FILE"),
		Long: "Put a backup in the place of the database. The box must be stopped\n(systemctl stop lineside), and the site key the backup was made under must be in\nits place. The database that was there is kept under another name, and so are templates\nthat were there and are others, and what was set on the page. The settings file of\nthe backup is put beside the state: the one in force is left alone. Files for phones and uploads are not in a backup,\nand what there is of them is left alone. A backup by an older version holds no\ntemplates either.\n\n" +
			"A backup made before the site key was changed opens with the old key: name its\nfile with --key. What is restored is then sealed anew under the key the box has.\n\n" +
			"A phone may have used its one-time password after the backup was made, so those\nthe backup holds unused are void at the next start; let a phone that waits use\nits own with: lineside device allow-otp MAC. Phones that enrolled after the\nbackup must enrol again. Tokens of the API are void too: lineside token add.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := at.find(cmd); err != nil {
				return err
			}
			done, err := p.restore(args[0], at)
			if err != nil {
				return err
			}
			return p.tellRestored(args[0], done)
		},
	}
	at.register(cmd)
	return cmd
}

// restore puts the backup back: the database first, which may be refused, then
// the templates. The key is never minted here: a new one opens no backup.
func (p *program) restore(file string, at stateFlags) (restored, error) {
	was, is, err := restoreKeys(at)
	if err != nil {
		return restored{}, err
	}
	from, err := unpackBackup(file, at.database())
	if err != nil {
		return restored{}, mayRestore(fmt.Errorf("restore %s: %w", file, err))
	}
	defer from.remove()
	done, err := p.restoreDatabase(from.database, at, was, is)
	if err != nil || from.plain {
		return done, err
	}
	done.LeftOut, done.Templates = from.contents.LeftOut, []string{}
	for _, f := range from.templates {
		done.Templates = append(done.Templates, f.Name)
	}
	if done.TemplatesAside, err = placeTemplates(at.state, from.templates, p.now()); err != nil {
		return done, shell.Hint(fmt.Errorf("the database is restored, the templates are not all: %w", err), "mend that and restore again; nothing is lost by it")
	}
	return done, p.restoreSettings(&done, from, at, was)
}

func (p *program) restoreDatabase(file string, at stateFlags, was, is store.Key) (restored, error) {
	database := at.database()
	aside, err := store.RestoreUnder(database, file, was, is, p.now())
	switch {
	case errors.Is(err, store.ErrInUse):
		return restored{}, stopFirst(err)
	case errors.Is(err, store.ErrKey):
		return restored{}, shell.Hint(err, "the key tried is %s; name the one the backup was made under with --key FILE", at.key)
	case err != nil && aside != "":
		return restored{Database: database, SetAside: aside}, shell.Hint(err, "the database is now %s; free some room and restore again, or rename it back to %s", aside, database)
	case err != nil:
		return restored{}, mayRestore(err)
	}
	if err := giveTo(at.state, database); err != nil {
		return restored{}, shell.Hint(err, "give it to the daemon's user: chown --reference=%s %s", at.state, database)
	}
	return restored{Database: database, SetAside: aside, Rekeyed: was != is,
		Next: "start the box (systemctl start lineside), see what status says, and let each phone that waits use its one-time password once more: lineside device allow-otp MAC"}, nil
}

// restoreKeys gives the key the backup is under and the one the box will look
// for. They differ where the operator named the first and the box has another in
// its place; one in its place that does not open the database there, when the
// named one does, is a leftover.
func restoreKeys(at stateFlags) (was, is store.Key, err error) {
	if _, err := os.Stat(at.key); errors.Is(err, fs.ErrNotExist) {
		return was, is, shell.Hint(fmt.Errorf("%w: %s is not there, and the backup opens with the key it was made under only", store.ErrKeyMissing, at.key),
			"put that key there, or name it with --key FILE (the file systemd hands over, if the unit has LoadCredential=lineside.key)")
	}
	own := at.own()
	if !at.given {
		was, err = store.LoadKey(own, at.database()) // settles a rotation that was cut
		return was, was, mayRestore(err)
	}
	was, err = store.ReadKey(at.key)
	if err != nil || !exists(own) {
		return was, was, mayRestore(err)
	}
	if is, err = store.LoadKey(own, at.database()); err != nil {
		return was, is, mayRestore(err)
	}
	switch k, err := store.OpenedBy(at.database(), is, was); {
	case err == nil:
		return was, k, nil
	case errors.Is(err, store.ErrInUse):
		return was, is, stopFirst(err)
	}
	return was, is, nil // no database, or a damaged one: what restoring is for
}

// mayRestore adds the way out where the rights are missing.
func mayRestore(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return shell.Hint(err, "use sudo")
	}
	return err
}

// giveTo makes the state directory's owner that of a file root has put there:
// the daemon runs as that user.
func giveTo(state, path string) error {
	uid, gid, err := ownerOf(state)
	if err != nil {
		return err
	}
	return os.Lchown(path, uid, gid)
}

// ownerOf is who owns the state directory, as chown wants it: for anybody but
// root, no change.
func ownerOf(state string) (uid, gid int, err error) {
	if os.Geteuid() != 0 {
		return -1, -1, nil
	}
	info, err := os.Stat(state)
	if err != nil {
		return -1, -1, fmt.Errorf("see whose the state directory is: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, -1, nil
	}
	return int(owner.Uid), int(owner.Gid), nil
}

func (p *program) tellTemplates(r restored) error {
	switch {
	case r.Templates == nil:
		return p.say("the templates are as they were: this backup is of an older version and holds none")
	case len(r.Templates) == 0:
		if err := p.say("templates: none in the backup"); err != nil {
			return err
		}
	default:
		if err := p.say("templates: %s", shell.Printable(strings.Join(r.Templates, ", "))); err != nil {
			return err
		}
	}
	if r.TemplatesAside != "" {
		if err := p.say("templates that were there and are others are now in %s", r.TemplatesAside); err != nil {
			return err
		}
	}
	for _, line := range r.Settings {
		if err := p.say("settings: %s", shell.Printable(line)); err != nil {
			return err
		}
	}
	return p.sayLeftOut(r.LeftOut)
}

func (p *program) tellRestored(file string, r restored) error {
	if p.json {
		return shell.WriteJSON(p.out, r)
	}
	was := "there was no database before"
	if r.SetAside != "" {
		was = "the database that was there is now " + r.SetAside
	}
	if r.Rekeyed {
		was += "; the backup was sealed anew under the box's key"
	}
	return errors.Join(
		p.say("%s is now the database %s", file, r.Database), p.say("%s", was), p.tellTemplates(r),
		p.say("one-time passwords not yet used are void after this: a phone may have used one since the backup"), p.next(r.Next),
	)
}
