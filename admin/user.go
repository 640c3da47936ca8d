package admin

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// People keeps the site's users.
type People interface {
	User(id string) (phone.User, error)
	Users() []phone.User
	AddUser(ctx context.Context, by audit.Actor, u phone.User) (phone.User, error)
	EditUser(ctx context.Context, by audit.Actor, id string, rev uint64, edit func(*phone.User) error) (phone.User, error)
	RemoveUser(ctx context.Context, by audit.Actor, id string) error
	ImportUsers(ctx context.Context, by audit.Actor, users []phone.User) (added, changed int, err error)
}

// User is a user as operators see it: no secret is in it.
type User struct {
	ID             string    `json:"id"`
	Extension      string    `json:"extension"`
	First          string    `json:"first_name,omitempty"`
	Last           string    `json:"last_name,omitempty"`
	Email          string    `json:"email,omitempty"`
	AlternateID    string    `json:"alternate_id,omitempty"`
	HasWebPassword bool      `json:"has_web_password"`
	HasPortalPIN   bool      `json:"has_portal_pin"`
	XSIUser        string    `json:"xsi_user,omitempty"`
	HasXSIPassword bool      `json:"has_xsi_password"`
	Locked         bool      `json:"portal_locked"` // five wrong portal PINs: a new one unlocks
	Created        time.Time `json:"created"`
	Rev            uint64    `json:"rev"`
	Devices        []string  `json:"devices"` // MACs of the devices the user owns
	// Told and Untold stand in the answer to a change of what is in the configs of
	// those devices: which are told to fetch, and which cannot be, because they are
	// not registered with the box or take no such message; these fetch by
	// themselves, within hours.
	Told   []string `json:"told,omitempty"`
	Untold []string `json:"untold,omitempty"`
}

// Users is the users that were asked for, by ID.
type Users struct {
	Users []User `json:"users"`
	// Total is how many match; the answer has those from Offset on.
	Total  int `json:"total"`
	Offset int `json:"offset"`
}

// UserInput is what an operator writes of a user. In a change, what is left out
// stays, null clears.
type UserInput struct {
	ID          Field[string] `json:"id,omitzero"` // when adding only
	Extension   Field[string] `json:"extension,omitzero"`
	First       Field[string] `json:"first_name,omitzero"`
	Last        Field[string] `json:"last_name,omitzero"`
	Email       Field[string] `json:"email,omitzero"`
	AlternateID Field[string] `json:"alternate_id,omitzero"`
	WebPassword Field[string] `json:"web_password,omitzero"`
	PortalPIN   Field[string] `json:"portal_pin,omitzero"` // unlocks the portal, also when it is the same again
	XSIUser     Field[string] `json:"xsi_user,omitzero"`
	XSIPassword Field[string] `json:"xsi_password,omitzero"`
	// Rev is the revision the operator saw, 0 for whatever it is now; the
	// If-Match header says the same.
	Rev uint64 `json:"rev,omitempty"`
}

// apply lays what the operator wrote over u. The ID is left alone.
func (in UserInput) apply(u *phone.User) {
	lay(&u.Extension, in.Extension)
	lay(&u.First, in.First)
	lay(&u.Last, in.Last)
	lay(&u.Email, in.Email)
	lay(&u.AlternateID, in.AlternateID)
	lay(&u.XSIUser, in.XSIUser)
	if in.XSIPassword.Given {
		u.XSIPassword = phone.NewSecret(in.XSIPassword.Value)
	}
	if in.WebPassword.Given {
		u.WebPassword = phone.NewSecret(in.WebPassword.Value)
	}
	if in.PortalPIN.Given {
		u.PortalPIN, u.Fails = phone.NewSecret(in.PortalPIN.Value), 0
	}
}

// edit is apply, for what is valid then.
func (in UserInput) edit(u *phone.User) error {
	in.apply(u)
	if err := u.Validate(); err != nil {
		return invalid("the user cannot be changed like this", err)
	}
	return nil
}

// shapeUser shapes a user for an answer, field by field as for devices.
func shapeUser(u phone.User, owned []string) User {
	if owned == nil {
		owned = []string{}
	}
	return User{
		ID: u.ID, Extension: u.Extension, First: u.First, Last: u.Last, Email: u.Email, AlternateID: u.AlternateID,
		HasWebPassword: !u.WebPassword.IsZero(), HasPortalPIN: !u.PortalPIN.IsZero(), XSIUser: u.XSIUser, HasXSIPassword: !u.XSIPassword.IsZero(), Locked: u.Locked(),
		Created: u.Created, Rev: u.Rev, Devices: owned,
	}
}

// owned is the MACs each user owns.
func (s *Server) owned() (map[string][]string, error) {
	all, err := s.dep.Desk.Devices()
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return ownedIn(all), nil
}

func ownedIn(all []auth.Record) map[string][]string {
	of := make(map[string][]string)
	for _, rec := range all {
		if o := rec.Device.Owner; o != "" {
			of[o] = append(of[o], rec.Device.MAC.String())
		}
	}
	return of
}

func (s *Server) getUsers(c *call) error {
	offset, err := c.number("offset", 0, 1<<31)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", provision.MaxUsers, provision.MaxUsers)
	if err != nil {
		return err
	}
	owned, err := s.owned()
	if err != nil {
		return err
	}
	q := strings.ToLower(strings.TrimSpace(c.r.URL.Query().Get("q")))
	out := Users{Users: []User{}, Offset: int(offset)}
	for _, u := range s.dep.Desk.Users() {
		if q != "" && !strings.Contains(strings.ToLower(strings.Join([]string{u.ID, u.Extension, u.First + " " + u.Last, u.Email, u.AlternateID}, "\n")), q) {
			continue
		}
		if out.Total++; out.Total > out.Offset && len(out.Users) < int(limit) {
			out.Users = append(out.Users, shapeUser(u, owned[u.ID]))
		}
	}
	return c.json(http.StatusOK, out)
}

func (s *Server) getUser(c *call) error {
	u, err := s.dep.Desk.User(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.showUser(c, http.StatusOK, u)
}

func (s *Server) showUser(c *call, status int, u phone.User) error {
	return s.showChanged(c, status, u, false)
}

// showChanged is showUser; tell has it say which phones are told of a change.
func (s *Server) showChanged(c *call, status int, u phone.User, tell bool) error {
	owned, err := s.owned()
	if err != nil {
		return err
	}
	out := shapeUser(u, owned[u.ID])
	if tell {
		s.tell(&out)
	}
	c.w.Header().Set("ETag", strconv.Quote(strconv.FormatUint(u.Rev, 10)))
	return c.json(status, out)
}

// tell says which of a user's phones the desk tells to fetch.
func (s *Server) tell(u *User) {
	for _, text := range u.Devices {
		if mac, err := phone.ParseMAC(text); err == nil && s.dep.Desk.Hears(mac) {
			u.Told = append(u.Told, text)
		} else {
			u.Untold = append(u.Untold, text)
		}
	}
}

func (s *Server) postUser(c *call) error {
	var in UserInput
	if err := c.body(&in); err != nil {
		return err
	}
	u := phone.User{ID: in.ID.Value}
	in.apply(&u)
	if err := u.Validate(); err != nil {
		return invalid("the user cannot be set up like this", err)
	}
	u, err := s.dep.Desk.AddUser(c.r.Context(), c.by, u)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", API+"/users/"+u.ID)
	return s.showUser(c, http.StatusCreated, u)
}

func (s *Server) patchUser(c *call) error {
	id := c.r.PathValue("id")
	var in UserInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.ID.Given && in.ID.Value != id {
		return fail(http.StatusUnprocessableEntity, "a user's id cannot be changed", "set up another user and give the devices to it")
	}
	rev, err := revision(c.r.Header["If-Match"], in.Rev)
	if err != nil {
		return err
	}
	old, err := s.dep.Desk.User(id)
	if err != nil {
		return err
	}
	u, err := s.dep.Desk.EditUser(c.r.Context(), c.by, id, rev, in.edit)
	if err != nil {
		return s.stale(c, err, phone.MAC{}, id)
	}
	return s.showChanged(c, http.StatusOK, u, provision.InConfigs(old, u))
}

func (s *Server) deleteUser(c *call) error {
	if err := s.dep.Desk.RemoveUser(c.r.Context(), c.by, c.r.PathValue("id")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postUserImport(c *call) error {
	data, err := c.importBody()
	if err != nil {
		return err
	}
	p := newPlan(data, faults{})
	users, err := s.readUsers(data, p)
	if err != nil {
		return err
	}
	return c.imports(p, len(users), func() (added, changed int, err error) {
		return s.dep.Desk.ImportUsers(c.r.Context(), c.by, users)
	})
}

// getUserExport writes the list of users, without a password.
func (s *Server) getUserExport(c *call) error {
	all := s.dep.Desk.Users()
	var b bytes.Buffer
	if err := writeUsers(&b, all); err != nil {
		return err
	}
	if err := s.record(c, phone.MAC{}, audit.UsersExported{Users: len(all)}); err != nil {
		return err
	}
	c.csv("lineside-users.csv", b.Bytes())
	return nil
}

// csv answers with a file for a spreadsheet.
func (c *call) csv(name string, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	c.write(http.StatusOK, body)
}
