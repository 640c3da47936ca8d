package admin

import (
	"net/http"
	"strings"
)

// API is the path every call begins with, but for the page and the metrics.
const API = "/api/v1"

// route is one call of the API, and the least role it asks for. The table is
// written without field names, so that a route without a role does not compile.
type route struct {
	method, path string
	least        Role
	do           func(*Server, *call) error
}

// pattern is the route in net/http's words.
func (r route) pattern() string { return r.method + " " + r.path }

// routes is the whole of the API. openapi.json describes the same list, and a
// test holds the two together.
func routes() []route {
	return []route{
		{"GET", "/{$}", Anyone, (*Server).getPage},
		{"GET", "/metrics", Viewer, (*Server).getMetrics},
		{"GET", API + "/openapi.json", Anyone, (*Server).getOpenAPI},
		{"GET", API + "/status", Viewer, (*Server).getStatus},
		{"GET", API + "/overview", Viewer, (*Server).getOverview},
		{"GET", API + "/phones", Viewer, (*Server).getPhones},
		{"GET", API + "/pins", Installer, (*Server).getPINs},
		{"GET", API + "/health", Viewer, (*Server).getHealth},
		{"GET", API + "/goroutines", Admin, (*Server).getGoroutines},
		{"GET", API + "/devices", Viewer, (*Server).getDevices},
		{"POST", API + "/devices", Admin, (*Server).postDevice},
		{"POST", API + "/devices/bulk", Installer, (*Server).postBulk},
		{"POST", API + "/devices/import", Admin, (*Server).postImport},
		{"GET", API + "/devices/export", Viewer, (*Server).getExport},
		{"GET", API + "/devices/{mac}", Viewer, (*Server).getDevice},
		{"PATCH", API + "/devices/{mac}", Admin, (*Server).patchDevice},
		{"DELETE", API + "/devices/{mac}", Admin, (*Server).deleteDevice},
		{"GET", API + "/devices/{mac}/pin", Installer, (*Server).getPIN},
		{"POST", API + "/devices/{mac}/pin", Installer, (*Server).postPIN},
		{"POST", API + "/devices/{mac}/suspend", Admin, (*Server).postSuspend},
		{"POST", API + "/devices/{mac}/reset", Admin, (*Server).postReset},
		{"POST", API + "/devices/{mac}/block", Admin, (*Server).postBlock},
		{"POST", API + "/devices/{mac}/unblock", Installer, (*Server).postUnblock},
		{"POST", API + "/devices/{mac}/allow-otp", Admin, (*Server).postAllowOTP},
		{"POST", API + "/devices/{mac}/ticket", Admin, (*Server).postTicket},
		{"DELETE", API + "/devices/{mac}/ticket", Admin, (*Server).deleteTicket},
		{"POST", API + "/devices/{mac}/ticket/approve", Admin, (*Server).postApprove},
		{"POST", API + "/devices/{mac}/ticket/reject", Admin, (*Server).postReject},
		{"PUT", API + "/devices/{mac}/ticket/demand", Admin, (*Server).putDemand},
		{"GET", API + "/tickets", Viewer, (*Server).getTickets},
		{"POST", API + "/tickets", Admin, (*Server).postTickets},
		{"GET", API + "/devices/{mac}/timeline", Viewer, (*Server).getTimeline},
		{"GET", API + "/devices/{mac}/render", Admin, (*Server).getRender},
		{"GET", API + "/devices/{mac}/uploads", Viewer, (*Server).getUploads},
		{"GET", API + "/devices/{mac}/uploads/{name}", Admin, (*Server).getUpload},
		{"GET", API + "/users", Viewer, (*Server).getUsers},
		{"POST", API + "/users", Admin, (*Server).postUser},
		{"POST", API + "/users/import", Admin, (*Server).postUserImport},
		{"GET", API + "/users/export", Viewer, (*Server).getUserExport},
		{"GET", API + "/users/{id}", Viewer, (*Server).getUser},
		{"PATCH", API + "/users/{id}", Admin, (*Server).patchUser},
		{"DELETE", API + "/users/{id}", Admin, (*Server).deleteUser},
		{"POST", API + "/users/{id}/reset-password", Admin, (*Server).postUserReset},
		{"POST", API + "/users/{id}/unlock", Admin, (*Server).postUserUnlock},
		{"GET", API + "/accounts", Admin, (*Server).getAccounts},
		{"POST", API + "/accounts", Admin, (*Server).postAccount},
		{"GET", API + "/accounts/{name}", Admin, (*Server).getAccount},
		{"PATCH", API + "/accounts/{name}", Admin, (*Server).patchAccount},
		{"DELETE", API + "/accounts/{name}", Admin, (*Server).deleteAccount},
		{"POST", API + "/accounts/{name}/reset-password", Admin, (*Server).postAccountReset},
		{"POST", API + "/accounts/{name}/unlock", Admin, (*Server).postAccountUnlock},
		{"GET", API + "/setup-code", Admin, (*Server).getSetUpCode},
		{"GET", API + "/me", Personal, (*Server).getMe},
		{"PATCH", API + "/me", Personal, (*Server).patchMe},
		{"POST", API + "/me/password", Personal, (*Server).postMyPassword},
		{"GET", API + "/files", Viewer, (*Server).getFiles},
		{"POST", API + "/files/check", Admin, (*Server).postFileCheck},
		{"PUT", API + "/files/{vendor}/{name}", Admin, (*Server).putFile},
		{"DELETE", API + "/files/{vendor}/{name}", Admin, (*Server).deleteFile},
		{"PUT", API + "/firmware/{vendor}/{model}", Admin, (*Server).putFirmware},
		{"GET", API + "/templates", Admin, (*Server).getTemplates},
		{"POST", API + "/templates/reload", Admin, (*Server).postTemplates},
		{"GET", API + "/sheets/{sheet}", Admin, (*Server).getSheet},
		{"POST", API + "/resync", Installer, (*Server).postResync},
		{"GET", API + "/otps", Viewer, (*Server).getOTPs},
		{"PUT", API + "/otps/{vendor}", Admin, (*Server).putOTP},
		{"DELETE", API + "/otps/{vendor}", Admin, (*Server).deleteOTP},
		{"GET", API + "/policy", Viewer, (*Server).getPolicy},
		{"PATCH", API + "/policy", Admin, (*Server).patchPolicy},
		{"GET", API + "/visitors", Viewer, (*Server).getVisitors},
		{"POST", API + "/visitors/{mac}/claim", Installer, (*Server).postClaim},
		{"GET", API + "/allow", Viewer, (*Server).getAllow},
		{"POST", API + "/allow", Admin, (*Server).postAllow},
		{"DELETE", API + "/allow/{prefix...}", Admin, (*Server).deleteAllow},
		{"GET", API + "/emergency", Viewer, (*Server).getEmergencies},
		{"GET", API + "/emergency/lost", Admin, (*Server).getLost},
		{"POST", API + "/emergency/acknowledge", Admin, (*Server).postAcknowledge},
		{"GET", API + "/dhcp/leases", Viewer, (*Server).getLeases},
		{"GET", API + "/dhcp/snippet", Viewer, (*Server).getSnippet},
		{"GET", API + "/dhcp/advice", Viewer, (*Server).getAdvice},
		{"POST", API + "/dhcp/advice", Admin, (*Server).postAdvice},
		{"GET", API + "/audit", Viewer, (*Server).getAudit},
		{"GET", API + "/audit/export", Viewer, (*Server).getAuditExport},
		{"GET", API + "/audit/verify", Viewer, (*Server).getAuditCheck},
		{"GET", API + "/watch", Viewer, (*Server).getWatch},
		{"GET", API + "/platform", Viewer, (*Server).getPlatform},
		{"POST", API + "/platform/join", Admin, (*Server).postJoin},
		{"POST", API + "/platform/leave", Admin, (*Server).postLeave},
		{"GET", API + "/settings", Viewer, (*Server).getSettings},
		{"PATCH", API + "/settings", Admin, (*Server).patchSettings},
		{"POST", API + "/restart", Admin, (*Server).postRestart},
		{"GET", API + "/backup", Admin, (*Server).getBackup},
		{"GET", API + "/restore", Admin, (*Server).getRestore},
		{"POST", API + "/restore", Admin, (*Server).postRestore},
		{"POST", API + "/restore/{id}/apply", Admin, (*Server).postRestoreApply},
		{"DELETE", API + "/restore/{id}", Admin, (*Server).deleteRestore},
		{"GET", API + "/update", Viewer, (*Server).getUpdate},
		{"POST", API + "/update", Admin, (*Server).postUpdate},
		{"POST", API + "/update/apply", Admin, (*Server).postUpdateApply},
		{"GET", API + "/mail", Admin, (*Server).getMail},
		{"POST", API + "/mail/test", Admin, (*Server).postMailTest},
		{"POST", API + "/mail/{id}/retry", Admin, (*Server).postMailRetry},
		{"DELETE", API + "/mail/{id}", Admin, (*Server).deleteMail},
		{"GET", API + "/tokens", Admin, (*Server).getTokens},
		{"POST", API + "/tokens", Admin, (*Server).postToken},
		{"DELETE", API + "/tokens/{name}", Admin, (*Server).deleteToken},
	}
}

// isOpen names the two things a caller without the token may have. The path is
// compared as it came, before any cleaning.
func isOpen(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path == API+"/openapi.json")
}

// mux matches requests to routes; streams end when stopped is closed. Changes are refused to pages of
// other web sites by what the browser itself says of them (Sec-Fetch-Site,
// Origin), on top of the token and the body's type that such a page could not
// send.
func (s *Server) mux(stopped <-chan struct{}) *http.ServeMux {
	mux := http.NewServeMux()
	cross := http.NewCrossOriginProtection()
	handle := func(pattern string, least Role, do func(*Server, *call) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a := w.(*answer)
			c := &call{w: a, r: r, by: a.who.actor, role: a.who.role, must: a.who.must, stopped: stopped, log: s.dep.Log}
			err := cross.Check(r)
			if err != nil {
				err = fail(http.StatusForbidden, "a page of another web site may not call this", "call it from a script or with: lineside")
			} else {
				err = c.allowed(least)
			}
			if err == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
				err = s.recordable(c)
			}
			if err == nil {
				err = do(s, c)
			}
			if err != nil {
				s.refuse(c, err)
			}
		})
	}
	for _, rt := range routes() {
		handle(rt.pattern(), rt.least, rt.do)
	}
	handle("/", Anyone, func(_ *Server, c *call) error { return noRoute(mux, c.r) })
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
	e.Allow = strings.Join(allow, ", ")
	return e
}

// methodName bounds what is repeated of a method the caller made up.
func methodName(method string) string {
	if len(method) > 16 {
		return "of that name"
	}
	return method
}
