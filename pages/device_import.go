package pages

import (
	"errors"
	"net/http"

	"github.com/lineside/lineside/admin"
)

// importPage is a CSV file of devices: chosen, looked at, then imported. The file
// stays in the browser, which sends it twice: passwords may be in it, and the
// second time is refused where it is another one.
type importPage struct {
	Plan    *admin.ImportPreview
	Shown   []importLine
	More    int // lines that are not shown
	Problem *problem
}

// importLine is what one line of the file would do.
type importLine struct {
	admin.ImportLine
	Fields []string // in the page's language
}

// maxImportLines bounds the lines a page shows.
const maxImportLines = 200

func getImport(v *visit) error { return v.show("devices-import", &importPage{}) }

func postImport(v *visit) error {
	file, err := v.file("file")
	if err != nil {
		return err
	}
	p := &importPage{}
	if len(file) == 0 {
		p.Problem = &problem{Status: http.StatusUnprocessableEntity, Title: v.say("problem.title.other"), What: v.say("import.nofile"), Do: v.say("import.nofile.do")}
		return v.render(p.Problem.Status, "devices-import", p)
	}
	tag := v.r.PostFormValue("tag")
	if tag != "" {
		done, err := v.api.ImportAs(v.ctx(), file, tag)
		if err == nil {
			return v.doneAway("/devices", "import.done", done.Added, done.Changed)
		}
		var e *admin.Error
		if !errors.As(err, &e) || e.Status >= http.StatusInternalServerError {
			return err
		}
		p.Problem = v.problem(err)
	}
	return v.planImport(p, file)
}

// planImport shows what the file would do, beside what went wrong before.
func (v *visit) planImport(p *importPage, file []byte) error {
	plan, err := v.api.PreviewImport(v.ctx(), file)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status < http.StatusInternalServerError:
		p.Problem = v.problem(err)
		return v.render(e.Status, "devices-import", p)
	case err != nil:
		return err
	}
	p.Plan = &plan
	for _, l := range plan.Lines[:min(len(plan.Lines), maxImportLines)] {
		one := importLine{ImportLine: l}
		for _, field := range l.Fields {
			one.Fields = append(one.Fields, v.word("field", field))
		}
		p.Shown = append(p.Shown, one)
	}
	p.More = plan.Added + plan.Changed - len(p.Shown)
	return v.show("devices-import", p)
}

// Hidden are the faults that are not listed.
func (p *importPage) Hidden() int { return p.Plan.FaultCount - len(p.Plan.Faults) }

// doneAway is done for a form whose answer is only a part of its page: the whole
// browser goes there.
func (v *visit) doneAway(path, key string, args ...any) error {
	if !v.byScript() {
		return v.done(path, key, args...)
	}
	v.leave(key, args...)
	v.begun = true
	v.w.Header().Set("HX-Redirect", path)
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
