package pages

import (
	"net/http"
	"net/url"
	"path"

	"github.com/lineside/lineside/admin"
)

// route is one page, and the least role that sees it. What a page may do is the
// API's to say; the role here keeps people from pages that would be empty to
// them. The table is written without field names, so that a route without a role
// does not compile.
type route struct {
	method, path string
	least        admin.Role
	do           func(*visit) error
}

// routes is every page.
func routes() []route {
	return []route{
		{"GET", "/{$}", admin.Viewer, getOverview},
		{"GET", "/events", admin.Viewer, getEvents},
		{"GET", "/sign-in", admin.Anyone, getSignIn},
		{"POST", "/sign-in", admin.Anyone, postSignIn},
		{"GET", "/sign-out", admin.Anyone, getSignOut},
		{"POST", "/sign-out", admin.Anyone, postSignOut},
		{"GET", "/password", admin.Personal, getPassword},
		{"POST", "/password", admin.Personal, postPassword},
		{"GET", "/forgot", admin.Anyone, getForgot},
		{"POST", "/forgot", admin.Anyone, postForgot},
		{"GET", "/me", admin.Personal, getMe},
		{"POST", "/me", admin.Personal, postMe},
		{"POST", "/me/web-password", admin.Personal, postMyWebPassword},
		{"POST", "/me/portal-pin", admin.Personal, postMyPortalPIN},
		{"GET", "/setup", admin.Anyone, getSetUp},
		{"POST", "/setup", admin.Anyone, postSetUp},
		{"GET", pathSite, admin.Admin, getSetUpSite},
		{"POST", pathSite, admin.Admin, postSetUpSite},
		{"GET", pathPlatform, admin.Admin, getSetUpPlatform},
		{"POST", pathPlatform, admin.Admin, postSetUpPlatform},
		{"GET", pathDHCP, admin.Admin, getSetUpDHCP},
		{"POST", pathDHCP, admin.Admin, postSetUpDHCP},
		{"POST", pathDHCP + "/ask", admin.Admin, postSetUpAsk},
		{"GET", pathDone, admin.Admin, getSetUpDone},
		{"POST", pathDone, admin.Admin, postSetUpDone},
		{"GET", "/install", admin.Viewer, getInstall},
		{"GET", "/install/sheet", admin.Installer, getSheet},
		{"POST", "/install/sheet", admin.Installer, postSheet},
		{"GET", "/install/{mac}", admin.Viewer, getInstallOne},
		{"POST", "/install/{mac}/claim", admin.Installer, postInstallClaim},
		{"POST", "/install/{mac}/pin", admin.Installer, postInstallPIN},
		{"POST", "/install/{mac}/show-pin", admin.Installer, postInstallShow},
		{"GET", "/devices", admin.Viewer, getDevices},
		{"POST", "/devices/bulk", admin.Installer, postBulk},
		{"POST", "/devices/export", admin.Viewer, postExport},
		{"GET", "/devices/add", admin.Admin, getAddDevice},
		{"POST", "/devices/add", admin.Admin, postAddDevice},
		{"GET", "/devices/import", admin.Admin, getImport},
		{"POST", "/devices/import", admin.Admin, postImport},
		{"GET", "/devices/{mac}", admin.Viewer, getDevice},
		{"POST", "/devices/{mac}/{deed}", admin.Installer, postDeed},
		{"POST", "/devices/{mac}/show-pin", admin.Installer, postShowPIN},
		{"POST", "/devices/{mac}/pin", admin.Installer, postEnterPIN},
		{"GET", "/devices/{mac}/edit", admin.Admin, getEditDevice},
		{"POST", "/devices/{mac}/edit", admin.Admin, postEditDevice},
		{"GET", "/devices/{mac}/config", admin.Admin, getConfig},
		{"POST", "/devices/{mac}/config", admin.Admin, postConfig},
		{"GET", "/allow", admin.Viewer, getAllow},
		{"POST", "/allow", admin.Admin, postAllow},
		{"POST", "/allow/remove", admin.Admin, postAllowRemove},
		{"GET", "/accounts", admin.Admin, getAccounts},
		{"POST", "/accounts", admin.Admin, postAccount},
		{"GET", "/accounts/{name}", admin.Admin, getAccount},
		{"POST", "/accounts/{name}", admin.Admin, postAccountChange},
		{"POST", "/accounts/{name}/reset", admin.Admin, postAccountReset},
		{"POST", "/accounts/{name}/unlock", admin.Admin, postAccountUnlock},
		{"POST", "/accounts/{name}/remove", admin.Admin, postAccountRemove},
		{"POST", "/tokens", admin.Admin, postToken},
		{"POST", "/tokens/remove", admin.Admin, postTokenRemove},
		{"GET", "/leases", admin.Viewer, getLeases},
		{"GET", "/leases/snippet", admin.Viewer, getSnippet},
		{"GET", "/leases/snippet/file", admin.Viewer, getSnippetFile},
		{"POST", "/leases/reserve", admin.Admin, postLeaseReserve},
		{"GET", "/files", admin.Viewer, getFiles},
		{"POST", "/files", admin.Admin, postFile},
		{"POST", "/files/remove", admin.Admin, postFileRemove},
		{"POST", "/files/firmware", admin.Admin, postFirmware},
		{"POST", "/files/firmware/remove", admin.Admin, postFirmwareRemove},
		{"GET", "/backup", admin.Admin, getBackup},
		{"POST", "/backup", admin.Admin, postBackup},
		{"POST", "/backup/restore", admin.Admin, postRestore},
		{"POST", "/backup/restore/apply", admin.Admin, postRestoreApply},
		{"POST", "/backup/restore/drop", admin.Admin, postRestoreDrop},
		{"GET", "/mail", admin.Admin, getMail},
		{"POST", "/mail", admin.Admin, postMailTest},
		{"POST", "/mail/retry", admin.Admin, postMailRetry},
		{"POST", "/mail/remove", admin.Admin, postMailRemove},
		{"GET", "/audit", admin.Viewer, getAudit},
		{"POST", "/audit/verify", admin.Viewer, postAuditVerify},
		{"GET", "/audit/export", admin.Viewer, getAuditExport},
		{"GET", "/settings", admin.Viewer, getSettings},
		{"POST", "/settings", admin.Admin, postSettings},
		{"POST", "/settings/restart", admin.Admin, postRestart},
		{"GET", "/tickets", admin.Viewer, getTickets},
		{"POST", "/tickets/approvals", admin.Admin, postApprovals},
		{"POST", "/tickets/revoke", admin.Admin, postTicketRevoke},
		{"GET", "/tickets/new", admin.Admin, getWizard},
		{"POST", "/tickets/new", admin.Admin, postWizard},
		{"POST", "/tickets/file", admin.Admin, postWizardFile},
		{"GET", "/tickets/brands", admin.Viewer, getBrands},
		{"GET", "/tickets/brands/{vendor}", admin.Admin, getBrand},
		{"POST", "/tickets/brands/{vendor}", admin.Admin, postBrand},
		{"POST", "/tickets/brands/{vendor}/remove", admin.Admin, postBrandRemove},
		{"GET", "/tickets/preferences", admin.Admin, getTicketPreferences},
		{"POST", "/tickets/preferences", admin.Admin, postTicketPreferences},
		{"GET", "/users", admin.Viewer, getUsers},
		{"POST", "/users", admin.Admin, postNewUser},
		{"GET", "/users/new", admin.Admin, getNewUser},
		{"GET", "/users/export", admin.Viewer, getUserExport},
		{"GET", "/users/import", admin.Admin, getUserImport},
		{"POST", "/users/import", admin.Admin, postUserImport},
		{"GET", "/users/{id}", admin.Viewer, getUser},
		{"POST", "/users/{id}", admin.Admin, postUser},
		{"POST", "/users/{id}/web-password", admin.Admin, postUserWebPassword},
		{"POST", "/users/{id}/portal-pin", admin.Admin, postUserPortalPIN},
		{"POST", "/users/{id}/unlock", admin.Admin, postUserUnlock},
		{"POST", "/users/{id}/reset", admin.Admin, postUserReset},
		{"POST", "/users/{id}/remove", admin.Admin, postUserRemove},
		{"POST", "/look", admin.Anyone, postLook},
	}
}

// place is an entry of the menu: a page of the table that has one.
type place struct {
	Path, Word, Icon string
	Group            string // the key of the heading it stands under
	least            admin.Role
}

// places is the menu in its order. An entry is shown once its page is in the
// table of routes, to who may see it.
func places() []place {
	return []place{
		{Path: "/", Word: "nav.overview", Icon: "overview", Group: "nav.phones"},
		{Path: "/install", Word: "nav.install", Icon: "install", Group: "nav.phones"},
		{Path: "/devices", Word: "nav.devices", Icon: "phone", Group: "nav.phones"},
		{Path: "/tickets", Word: "nav.tickets", Icon: "ticket", Group: "nav.phones"},
		{Path: "/users", Word: "nav.users", Icon: "people", Group: "nav.phones"},
		{Path: "/allow", Word: "nav.allow", Icon: "shield", Group: "nav.network"},
		{Path: "/leases", Word: "nav.leases", Icon: "network", Group: "nav.network"},
		{Path: "/files", Word: "nav.files", Icon: "file", Group: "nav.network"},
		{Path: "/audit", Word: "nav.audit", Icon: "list", Group: "nav.box"},
		{Path: "/mail", Word: "nav.mail", Icon: "mail", Group: "nav.box"},
		{Path: "/accounts", Word: "nav.accounts", Icon: "key", Group: "nav.box"},
		{Path: "/backup", Word: "nav.backup", Icon: "save", Group: "nav.box"},
		{Path: "/settings", Word: "nav.settings", Icon: "settings", Group: "nav.box"},
		{Path: pathSite, Word: "nav.setup", Icon: "next", Group: "nav.box"},
		{Path: "/me", Word: "nav.me", Icon: "person", Group: "nav.you"},
	}
}

// placesOf are the places whose page the table has, each with its page's role.
func placesOf(table []route) []place {
	least := make(map[string]admin.Role)
	for _, rt := range table {
		if rt.method == http.MethodGet {
			least[rt.path] = rt.least
		}
	}
	least["/"] = least["/{$}"]
	var there []place
	for _, p := range places() {
		if role, ok := least[p.Path]; ok {
			p.least = role
			there = append(there, p)
		}
	}
	return there
}

// noPage is what a path outside the table gets. One that only takes a form leads
// to the page above it: a browser that loads its answer again asks for it.
func noPage(v *visit) error {
	if v.r.Method == http.MethodGet && v.s.routed(http.MethodPost, v.r.URL.Path) {
		up := path.Dir(v.r.URL.Path)
		for up != "/" && !v.s.routed(http.MethodGet, up) {
			up = path.Dir(up)
		}
		return v.to(up)
	}
	return &admin.Error{Status: http.StatusNotFound, What: v.say("problem.nopage"), Hint: v.say("problem.nopage.do")}
}

// routed says that the table has a path.
func (s *Server) routed(method, at string) bool {
	_, pattern := s.mux.Handler(&http.Request{Method: method, Host: "box", URL: &url.URL{Path: at}})
	return pattern != "" && pattern != "/"
}
