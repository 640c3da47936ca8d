package pages

import (
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// funcs are what templates can call, in one language.
func (s *Server) funcs(w *words) template.FuncMap {
	return template.FuncMap{
		// Words.
		"t": w.say, "word": w.word, "count": w.count, "box": w.box,
		// Times, in the site's zone.
		"clock": func(t time.Time) template.HTML { return s.clock(w, t) },
		"until": func(t time.Time) template.HTML { return s.until(w, t) },
		"ago":   func(t time.Time) template.HTML { return s.ago(w, t) },
		// Things with a form of their own.
		"badgeOf": stateOf, "phoneName": calledName,
		"asset": s.assets.url, "icon": icon, "live": live, "args": args,
		"input": input, "password": password, "choice": choice, "checkbox": checkbox, "area": area, "hidden": hidden,
		"need": need, "auto": auto, "hint": hint, "kind": kind, "as": as, "choices": choices, "long": long, "huge": huge, "plain": plain,
		"transports": transports,
		"size":       w.size, "fileState": fileState, "fileAt": fileAt, "vendorWord": vendorWord,
	}
}

// args gathers what a template hands to another one: {{template "x" (args "Name" 1)}}.
func args(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("args: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("args: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// live makes an element keep itself up to date: it takes its own new form out of
// the page at path whenever something happened (app.js, events.go). What people
// type in does not belong in it.
func live(id, path string) template.HTMLAttr {
	id = template.HTMLEscapeString(id)
	return template.HTMLAttr(`id="` + id + `" data-live hx-get="` + template.HTMLEscapeString(path) +
		`" hx-select="#` + id + `" hx-target="this" hx-swap="outerHTML" hx-trigger="live"`)
}

// stamp is a moment as HTML: what is shown, and exactly when it is. kind has
// app.js count it on.
func (s *Server) stamp(w *words, t time.Time, kind, text string) template.HTML {
	t = t.In(s.zone())
	full := s.day(w, t) + t.Format(" 2006, 15:04:05 MST")
	if kind != "" {
		kind = " data-" + kind
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s"%s>%s</time>`,
		t.Format(time.RFC3339), template.HTMLEscapeString(full), kind, template.HTMLEscapeString(text)))
}

// clock shows a moment: the time, with the day where it is not today, and the
// year where it is another.
func (s *Server) clock(w *words, t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return s.stamp(w, t, "", s.moment(w, t))
}

// moment is the text of clock.
func (s *Server) moment(w *words, t time.Time) string {
	now := s.cfg.Now().In(s.zone())
	t = t.In(s.zone())
	switch {
	case t.Year() != now.Year():
		return s.day(w, t) + t.Format(" 2006")
	case t.YearDay() != now.YearDay():
		return s.day(w, t) + ", " + t.Format("15:04")
	}
	return t.Format("15:04")
}

// day is a date without its year.
func (s *Server) day(w *words, t time.Time) string {
	month := w.word("month", strconv.Itoa(int(t.Month())))
	return w.say("time.day", t.Day(), month)
}

// until shows how long it is to a moment, ago how long it is since.
func (s *Server) until(w *words, t time.Time) template.HTML {
	return s.stamp(w, t, "until", span(w, t.Sub(s.cfg.Now())))
}

func (s *Server) ago(w *words, t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return s.stamp(w, t, "ago", w.say("time.ago", span(w, s.cfg.Now().Sub(t))))
}

// span words a length of time by its two largest units, as app.js does.
func span(w *words, d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d %s %d h", days, w.say("time.days"), hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// icon draws one of the icons: lines on a grid of 24, in the text's own colour. A
// word stands beside each, so readers of the screen pass over it.
func icon(name string) (template.HTML, error) {
	d, ok := icons()[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %q", name)
	}
	var b strings.Builder
	b.WriteString(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">`)
	for _, path := range strings.Split(d, "|") {
		b.WriteString(`<path d="` + path + `"/>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), nil
}

// icons are drawn for this box: each is one or more paths.
func icons() map[string]string {
	return map[string]string{
		"overview": "M4 13h6V4H4z|M14 20h6v-9h-6z|M4 20h6v-3H4z|M14 7h6V4h-6z",
		"install":  "M8 3h8v18H8z|M11 17.5h2|M5 8v8|M19 8v8",
		"phone":    "M4 10c0-3 3.5-5 8-5s8 2 8 5v2h-5v-2.5c-2-.7-4-.7-6 0V12H4z|M7 12l-2 7h14l-2-7",
		"ticket":   "M4 7h16v3.5a1.5 1.5 0 0 0 0 3V17H4v-3.5a1.5 1.5 0 0 0 0-3z|M14 7v2|M14 11v2|M14 15v2",
		"people":   "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z|M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6|M16 4.5a3.5 3.5 0 0 1 0 6.3|M18 14.5c2.2.8 3.5 2.700 3.5 5.500",
		"person":   "M12 11.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8z|M4.500 20.500c0-4.500 3.500-6.500 7.500-6.500s7.500 2 7.500 6.500",
		"shield":   "M12 3l7.500 2.500V11c0 5-3 8-7.500 10-4.500-2-7.500-5-7.500-10V5.500z|M9 11.500l2.200 2.300L15.500 9",
		"network":  "M9 3h6v5H9z|M3 16h6v5H3z|M15 16h6v5h-6z|M12 8v4|M6 16v-4h12v4",
		"file":     "M6 3h8l4 4v14H6z|M14 3v4h4|M9 12h6|M9 16h6",
		"list":     "M9 6h11|M9 12h11|M9 18h11|M4.500 6h.01|M4.500 12h.01|M4.500 18h.01",
		"mail":     "M3.500 6h17v12h-17z|M3.500 7l8.500 6 8.500-6",
		"key":      "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z|M12 12h9v3|M17 12v2.500",
		"save":     "M12 4v10|M8 10.500l4 4 4-4|M4 17v3h16v-3",
		"settings": "M4 7h9|M17 7h3|M15 5v4|M4 17h3|M11 17h9|M9 15v4",
		"menu":     "M4 7h16|M4 12h16|M4 17h16",
		"close":    "M6 6l12 12|M18 6L6 18",
		"out":      "M10 4H5v16h5|M9.500 12H20|M16 8l4 4-4 4",
		"moon":     "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
		"sun":      "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z|M12 2.500v2|M12 19.500v2|M2.500 12h2|M19.500 12h2|M5.300 5.300l1.400 1.400|M17.300 17.300l1.400 1.400|M5.300 18.700l1.400-1.400|M17.300 6.700l1.400-1.400",
		"search":   "M11 17.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13z|M16 16l4.500 4.500",
		"next":     "M9 5l7 7-7 7",
		"back":     "M15 5l-7 7 7 7",
		"clock":    "M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17z|M12 7.500V12l3 2",
		"link":     "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1|M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1",
		"plus":     "M12 5v14|M5 12h14",
		"scan":     "M4 8V4h4|M16 4h4v4|M20 16v4h-4|M8 20H4v-4|M8 9v6|M11 9v6|M13.500 9v6|M16 9v6",
		"print":    "M7 8V4h10v4|M7 17H4v-7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v7h-3|M7 14h10v6H7z",
		// States: each has a shape of its own, for who does not see the colour.
		"ok":      "M5 12.500l4.500 4.500L19 7.500",
		"wait":    "M7 4h10|M7 20h10|M8 4c0 5 8 5 8 16|M16 4c0 5-8 5-8 16",
		"warn":    "M12 4l9 16H3z|M12 10v4.500|M12 17.200h.01",
		"stop":    "M8.500 3.500h7l5 5v7l-5 5h-7l-5-5v-7z|M9 12h6",
		"pause":   "M9 5v14|M15 5v14",
		"turning": "M20 12a8 8 0 1 1-2.500-5.800|M20 4v4h-4",
		"info":    "M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17z|M12 11v5|M12 8h.01",
	}
}
