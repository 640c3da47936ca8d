package main

import (
	"fmt"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/shell"
)

// willDo says it in words.
func (b *box) willDo(out *admin.StagedRestore, left []backup.LeftOut, settings []backup.Settings) {
	made := "a time it does not name"
	if !out.Made.IsZero() {
		made = out.Made.In(b.zone()).Format("2006-01-02 15:04")
	}
	say := func(format string, args ...any) { out.Will = append(out.Will, fmt.Sprintf(format, args...)) }
	say("the box has the database of %s again: %s, %s, their states, the rules and the accounts of then", made, count(out.Devices, "device", "devices"), count(out.Users, "user", "users"))
	if out.Own {
		say("%s of the audit log written since leave it; they stay in the database that is set aside", count(int(out.Entries), "entry", "entries"))
	} else {
		say("this box's audit log does not go on from the backup's: it is of another box under the same key, or the box went another way since; the log of now stays in the database that is set aside")
	}
	if out.Gone > 0 {
		say("%s set up now and not in the backup: their phones are strangers", count(out.Gone, "device is", "devices are"))
	}
	if out.Back > 0 {
		say("%s in the backup and not set up now: they are set up again", count(out.Back, "device is", "devices are"))
	}
	say("one-time passwords and tickets not yet used are void, as a phone may have used one since; phones that enrolled since must enrol again")
	say("everybody signs in again, with the passwords of then; tokens of the API are void")
	switch {
	case out.OldForm:
		say("the templates stay as they are: the backup is of an older version and holds none")
	case len(out.Templates) == 0:
		say("it holds no templates: those that are there are no longer in force, and are kept in a folder beside")
	default:
		say("%s put back; what is there and is another is kept in a folder beside", count(len(out.Templates), "template is", "templates are"))
	}
	for _, f := range settings {
		if f.Name == backup.PageSettings {
			say("what was set on the page then counts again, and what is set now is kept in a file beside; where the box does not start with it, it goes on with what is set now")
		} else {
			say("the settings file of then is put beside the state, as %s; the one in force is left alone", fromBackupName)
		}
	}
	for _, l := range left {
		say("not in the backup, and left as it is: %s", shell.Printable(l.Path))
	}
	say("the box is away for a few seconds; phones that ask meanwhile ask again")
	out.Next = "have it done with: POST " + admin.API + "/restore/" + out.ID + "/apply; or delete it: nothing was changed yet"
}
