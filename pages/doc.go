// Package pages is the operators' and users' web pages: HTML written here from
// templates, kept up to date by htmx and server-sent events, with nothing loaded
// from elsewhere. It is a client of admin's API, as the command line is, and
// decides nothing: who may do what is the API's table of routes to say, and what
// a page needs that the API lacks becomes a route there, for scripts too. Who may
// sign in is asked of People.
//
// # How a page is made
//
// A row in routes (routes.go) with the least role that sees the page; an entry in
// places if the menu has it. A Go file with the page's name and its handlers, and
// templates/<page>.html, which defines "title" and "main". A handler gets a visit
// and ends in one of:
//
//	return v.show("allow", data)               // the page; data is .Data in its template
//	return v.done("/allow", "allow.added", x)  // go there, and say there what was done
//	return v.again("allow", data, form, err)   // the form again, with what is wrong
//	return err                                 // a page that says what went wrong
//
// It calls the API by v.api, as the person who is signed in (v.who). Templates use
// .May "admin" to leave out what the API would refuse. A page with a table takes
// v.list(filters...), which reads search, order and place from the address, and
// draws it with the parts "search", "pages" and "empty"; a table of class "cards"
// turns its rows into cards on a narrow screen, naming each cell by data-label.
// The other parts are in templates/_parts.html: "field", "trouble", "badge",
// "ring", "columns". What works on a phone held in one hand stands in an element
// of class "touch".
//
// Anything a phone or a stranger on the LAN can set is text: it goes through
// html/template as text or attribute, never into a URL's scheme, a script or a
// template.HTML. Nothing stands inline: the policy (server.go) lets no style or
// script of that kind run.
//
// # Words
//
// Every sentence stands in words/en.json and words/de.json under one key, which
// begins with the page's name; templates say {{t "allow.title"}}, handlers
// v.say("allow.added", x). Words of a set, such as states, are {{word "state" .}};
// what is counted has two forms, {{count "overview.visitors" n}}. A test holds
// that both languages have the same keys with the same arguments, that none is
// missing and none left over.
//
// What the box says itself (errors, conditions, what the sample says of a setting)
// comes from the API in English. {{template "own" .Text}} shows it in the page's
// language, v.ours(text) gives it to a handler; errors that go through v.again and
// conditions are done already. The German of it stands in words/box.de.json under
// the English sentence as the source has it, "%s" for what is filled in. A test
// reads the sources, and wants there whatever they can say (book.go).
//
// # Forms
//
//	f, err := v.form("network", "note")  // what was written
//	if f.Get("network") == "" { f.blame("network", v.say("allow.network.missing")) }
//	if !f.OK() { return v.again("allow", data, f, nil) }
//	if _, err := v.api.AddAllow(v.ctx(), in); err != nil { return v.again("allow", data, f, err) }
//	return v.done("/allow", "allow.added", in.Network)
//
// In the template, data's Form is drawn by
//
//	{{template "trouble" .Data.Form.Problem}}
//	<form method="post" action="/allow" hx-boost="true">{{template "csrf" .}}
//	{{template "field" (input .Data.Form "network" (t "allow.network") | need | plain)}}
//
// An error of the API that names a field, "network: …", is shown at that field,
// others above the form; what was typed stays. hx-boost has app.js ask for the
// password over the page when the session has ended meanwhile, and send again.
// A file is read by v.file, once its page stands in uploads (upload.go) and the
// form has enctype="multipart/form-data"; one too long to be held is v.sent, on a
// page that stands in streams (stream.go), whose form has its file last and
// data-upload (upload.js).
// Secrets are read by v.secret and never drawn again. What cannot be taken back
// asks first: data-confirm on the form, with data-do for the button, and
// v.sure(question, do, "field") in the handler for browsers without a script, naming
// the fields that are to be sent again with the answer.
//
// # Live pages
//
// An element that keeps itself up to date is written <section {{live "id" .Path}}>;
// it must have that id again in the page at that path, from which it takes its new
// form whenever something happened to a phone, at the latest every 20 s, and when
// a lost connection is back. data-mac narrows it to one phone. Forms people type
// in stay outside of it. The event carries no facts (live.go): the page asks again
// as its own person. Times go on by themselves: {{ago .At}}, {{until .Ends}};
// {{clock .At}} is a moment in the site's zone.
//
// # Tests
//
// Handlers are tested against a real admin.Server over a fake desk, or where the
// page has logic of its own directly (pages_test.go has newSite). The whole is
// walked by a real browser in integration/browser_test.go, at 390 and 1440 pixels,
// with an audit for accessibility, and with what the browser's console and the
// policy had to complain of; SCREENSHOTS=dir keeps the pictures.
//
// Standards: HTML (WHATWG), Content Security Policy Level 3, RFC 6265bis for the
// cookies, WCAG 2.2 level AA. Known deviation: cross-site request forgery is kept
// out by what browsers say of a request (net/http's CrossOriginProtection) / older
// ones say nothing / every form has a token bound to its session as well.
package pages
