package portal

import (
	"github.com/lineside/lineside/sync/central"
)

func userRoutes() []route {
	const one = V1 + "/sites/{site}/users/{extension}"
	return []route{
		{method: "GET", path: V1 + "/users", least: Viewer, about: "Lists people.", query: append(pageQuery("a site's ID, a slash and an extension"), param{"site", "a site's ID"}, param{"search", "part of an extension, ID, name or e-mail address"}), out: Users{}, status: 200, do: (*Server).getUsers},
		{method: "GET", path: one, least: Viewer, about: "Shows a user.", out: central.UserInfo{}, status: 200, do: (*Server).getUser},
		{method: "POST", path: one, least: Operator, about: "Sets a user up.", in: UserInput{}, out: central.UserInfo{}, status: 201, do: (*Server).postUser},
		{method: "PATCH", path: one, least: Operator, about: "Changes a user; what is left out stays.", in: UserInput{}, out: central.UserInfo{}, status: 200, do: (*Server).patchUser},
		{method: "DELETE", path: one, least: Operator, about: "Takes a user away.", status: 204, do: (*Server).deleteUser},
	}
}

// Users is a page of people; Next, where set, is what to ask "after" for more.
type Users struct {
	Users []central.UserInfo `json:"users"`
	Next  string             `json:"next,omitempty"`
}

// UserInput sets a user up or changes one: what is left out stays. An empty
// password or PIN takes it away.
type UserInput struct {
	ID          *string `json:"id"`
	First       *string `json:"first_name"`
	Last        *string `json:"last_name"`
	Email       *string `json:"email"`
	AlternateID *string `json:"alternate_id"`
	WebPassword *string `json:"web_password"`
	PortalPIN   *string `json:"portal_pin"`
}

func (in UserInput) edit() central.UserEdit {
	return central.UserEdit{ID: in.ID, First: in.First, Last: in.Last, Email: in.Email, AlternateID: in.AlternateID,
		Web: secret(in.WebPassword), Portal: secret(in.PortalPIN)}
}

func (s *Server) getUsers(c *call) (any, error) {
	limit, err := c.number("limit", pageSize, maxPage)
	if err != nil {
		return nil, err
	}
	list, more, err := s.p.Users(c.word("site"), c.word("search"), c.word("after"), limit)
	out := Users{Users: filled(list)}
	if more {
		last := list[len(list)-1]
		out.Next = last.Site + "/" + last.Extension
	}
	return out, err
}

func (s *Server) getUser(c *call) (any, error) {
	return s.p.User(c.r.PathValue("site"), c.r.PathValue("extension"))
}

func (s *Server) postUser(c *call) (any, error) { return s.putUser(c, central.Operator.AddUser) }

func (s *Server) patchUser(c *call) (any, error) { return s.putUser(c, central.Operator.EditUser) }

func (s *Server) putUser(c *call, put func(central.Operator, string, string, central.UserEdit) error) (any, error) {
	var in UserInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if err := put(s.by(c), c.r.PathValue("site"), c.r.PathValue("extension"), in.edit()); err != nil {
		return nil, err
	}
	return s.getUser(c)
}

func (s *Server) deleteUser(c *call) (any, error) {
	return nil, s.by(c).RemoveUser(c.r.PathValue("site"), c.r.PathValue("extension"))
}
