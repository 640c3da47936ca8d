package pages

import (
	"strings"

	"github.com/lineside/lineside/admin"
)

// usersPage is the list of the site's people.
type usersPage struct {
	List  *list
	Users []admin.User
}

func getUsers(v *visit) error {
	l := v.list()
	found, err := v.api.FindUsers(v.ctx(), l.Text, l.Offset, l.Limit)
	if err != nil {
		return err
	}
	l.Total, l.Shown = found.Total, len(found.Users)
	if last := l.Beyond(); last != "" {
		return v.to(last)
	}
	return v.show("users", usersPage{List: l, Users: found.Users})
}

// getUserExport hands the list to a spreadsheet, without a password.
func getUserExport(v *visit) error {
	var b strings.Builder
	if err := v.api.ExportUsers(v.ctx(), &b); err != nil {
		return err
	}
	return v.csvFile("lineside-users.csv", b.String())
}

// csvFile answers with a file for a spreadsheet.
func (v *visit) csvFile(name, text string) error {
	v.begun = true
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := v.w.Write([]byte(text)); err != nil {
		v.s.dep.Log.Debug("the browser went away", "err", err)
	}
	return nil
}

// userFields are what operators write of a user, by the API's names.
func userFields() []string {
	return []string{"extension", "first_name", "last_name", "email", "alternate_id", "xsi_user"}
}

// userInput is what was written of a user. What is empty is cleared.
func userInput(f *form) admin.UserInput {
	set := func(name string) admin.Field[string] { return admin.Set(f.Get(name)) }
	return admin.UserInput{
		Extension: set("extension"), First: set("first_name"), Last: set("last_name"), Email: set("email"),
		AlternateID: set("alternate_id"), XSIUser: set("xsi_user"),
	}
}

func getNewUser(v *visit) error { return v.show("user-new", struct{ Form *form }{filled()}) }

func postNewUser(v *visit) error {
	f, err := v.form(append(userFields(), "id")...)
	if err != nil {
		return err
	}
	data := struct{ Form *form }{f}
	for name, missing := range map[string]string{"id": v.say("users.id.missing"), "extension": v.say("users.extension.missing")} {
		if f.Get(name) == "" {
			f.blame(name, missing)
		}
	}
	if !f.OK() {
		return v.again("user-new", data, f, nil)
	}
	in := userInput(f)
	in.ID = admin.Set(f.Get("id"))
	u, err := v.api.AddUser(v.ctx(), in)
	if err != nil {
		return v.again("user-new", data, f, err)
	}
	return v.done(userPage(u.ID), "users.added", userName(u))
}

// userPage is where a user is. An ID is letters, digits and a few signs that a
// path holds as they are.
func userPage(id string) string { return "/users/" + id }

// userName is what a user is called.
func userName(u admin.User) string {
	if name := strings.TrimSpace(u.First + " " + u.Last); name != "" {
		return name
	}
	return u.ID
}

// told says which phones hear of a change, at most a few by their MAC.
func (v *visit) told(u *admin.User) string {
	if u == nil {
		return ""
	}
	var text []string
	if len(u.Told) > 0 {
		text = append(text, v.say("users.told", some(u.Told)))
	}
	if len(u.Untold) > 0 {
		text = append(text, v.say("users.untold", some(u.Untold)))
	}
	return strings.Join(text, " ")
}

// some is the first few of a list that may be long.
func some(list []string) string {
	const few = 6
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:few], ", ") + ", …"
}
