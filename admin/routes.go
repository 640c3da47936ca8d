package admin

import (
	"net/http"
	"strings"
)

// API is the path every call begins with, but for the page and the metrics.
const API = "/api/v1"

// route is one call of the API.
type route struct {
	method, path string
	do           func(*Server, *call) error
}

// pattern is the route in net/http's words.
func (r route) pattern() string { return r.method + " " + r.path }

// routes is the whole of the API. openapi.json describes the same list, and a
// test holds the two together.
func routes() []route {
	return []route{
		{"GET", "/{$}", (*Server).getPage},
		{"GET", "/metrics", (*Server).getMetrics},
		{"GET", API + "/openapi.json", (*Server).getOpenAPI},
		{"GET", API + "/status", (*Server).getStatus},
		{"GET", API + "/health", (*Server).getHealth},
		{"GET", API + "/devices", (*Server).getDevices},
		{"POST", API + "/devices", (*Server).postDevice},
		{"POST", API + "/devices/import", (*Server).postImport},
		{"GET", API + "/devices/export", (*Server).getExport},
		{"GET", API + "/devices/{mac}", (*Server).getDevice},
		{"PATCH", API + "/devices/{mac}", (*Server).patchDevice},
		{"DELETE", API + "/devices/{mac}", (*Server).deleteDevice},
		{"GET", API + "/devices/{mac}/pin", (*Server).getPIN},
		{"POST", API + "/devices/{mac}/pin", (*Server).postPIN},
		{"POST", API + "/devices/{mac}/suspend", (*Server).postSuspend},
		{"POST", API + "/devices/{mac}/reset", (*Server).postReset},
		{"POST", API + "/devices/{mac}/unblock", (*Server).postUnblock},
		{"POST", API + "/devices/{mac}/allow-otp", (*Server).postAllowOTP},
		{"GET", API + "/devices/{mac}/render", (*Server).getRender},
		{"GET", API + "/otps", (*Server).getOTPs},
		{"PUT", API + "/otps/{vendor}", (*Server).putOTP},
		{"DELETE", API + "/otps/{vendor}", (*Server).deleteOTP},
		{"GET", API + "/policy", (*Server).getPolicy},
		{"PATCH", API + "/policy", (*Server).patchPolicy},
		{"GET", API + "/visitors", (*Server).getVisitors},
		{"POST", API + "/visitors/{mac}/claim", (*Server).postClaim},
		{"GET", API + "/allow", (*Server).getAllow},
		{"POST", API + "/allow", (*Server).postAllow},
		{"DELETE", API + "/allow/{prefix...}", (*Server).deleteAllow},
		{"GET", API + "/dhcp/leases", (*Server).getLeases},
		{"GET", API + "/audit", (*Server).getAudit},
		{"GET", API + "/audit/verify", (*Server).getAuditCheck},
		{"GET", API + "/watch", (*Server).getWatch},
		{"GET", API + "/backup", (*Server).getBackup},
	}
}

// isOpen names the two things a caller without the token may have. The path is
// compared as it came, before any cleaning.
func isOpen(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path == API+"/openapi.json")
}

// mux matches requests of one front to routes. Changes are refused to pages of
// other web sites by what the browser itself says of them (Sec-Fetch-Site,
// Origin), on top of the token and the body's type that such a page could not
// send.
func (s *Server) mux(f front) *http.ServeMux {
	mux := http.NewServeMux()
	cross := http.NewCrossOriginProtection()
	handle := func(pattern string, do func(*Server, *call) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := &call{w: w.(*answer), r: r, stopped: f.stopped, log: s.dep.Log}
			if !isOpen(r) {
				c.by = f.actor(r)
			}
			err := cross.Check(r)
			if err != nil {
				err = fail(http.StatusForbidden, "a page of another web site may not call this", "call it from a script or with: lineside")
			} else {
				err = do(s, c)
			}
			if err != nil {
				s.refuse(c, err)
			}
		})
	}
	for _, rt := range routes() {
		handle(rt.pattern(), rt.do)
	}
	handle("/", func(_ *Server, c *call) error { return noRoute(mux, c.r) })
	return mux
}

// refuse answers with what became of a call. Only what the table of errors does
// not know goes to the log: the rest is the caller's to correct.
func (s *Server) refuse(c *call, err error) {
	e, known := errorFor(err)
	if !known {
		s.dep.Log.Error("a call could not be answered", "front", c.by.Front, "file", c.r.Method+" "+c.r.URL.Path, "err", err)
	}
	if c.w.status == 0 {
		c.w.fail(e)
	}
}

// noRoute says whether the path or only the method is unknown.
func noRoute(mux *http.ServeMux, r *http.Request) error {
	var allow []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "/" {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return fail(http.StatusNotFound, "there is no such path", "see which there are at "+API+"/openapi.json")
	}
	e := fail(http.StatusMethodNotAllowed, "this path has no method "+methodName(r.Method), "use one of "+strings.Join(allow, ", "))
	e.allow = strings.Join(allow, ", ")
	return e
}

// methodName bounds what is repeated of a method the caller made up.
func methodName(method string) string {
	if len(method) > 16 {
		return "of that name"
	}
	return method
}
