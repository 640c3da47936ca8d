package pages

import (
	"errors"
	"net/http"

	"github.com/lineside/lineside/admin"
)

// backupPage is a backup that can be taken, and one that is put back.
type backupPage struct {
	// Here says that one can be put back while the box runs.
	Here bool
	Plan *restorePlan // what was uploaded, nil for nothing
	Form *form
}

// restorePlan is a backup that waits to be put back, and what that would do.
type restorePlan struct {
	admin.StagedRestore
	When     string   // the backup was made
	Will     []string // in sentences, in the page's language
	Question string   // that is asked before
}

func (v *visit) backupPage(f *form) (*backupPage, error) {
	p := &backupPage{Form: f}
	staged, err := v.api.StagedRestore(v.ctx())
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusConflict:
		return p, nil // this box has to be stopped for it
	case err != nil:
		return nil, err
	}
	if p.Here = true; staged != nil {
		when := v.madeAt(*staged)
		p.Plan = &restorePlan{*staged, when, v.will(*staged, when), v.say("restore.sure", when)}
	}
	return p, nil
}

// madeAt is when a backup was made, with its day and year: several may lie in one
// folder.
func (v *visit) madeAt(s admin.StagedRestore) string {
	if s.Made.IsZero() {
		return v.say("restore.sometime")
	}
	t := s.Made.In(v.s.zone())
	return v.s.day(v.words(), t) + t.Format(" 2006, 15:04")
}

// will is what putting a backup back does, by what the box found in it.
func (v *visit) will(s admin.StagedRestore, when string) []string {
	all := []string{v.say("restore.has", when, v.count("overview.phones", s.Devices), v.count("restore.users", s.Users))}
	if s.Own {
		all = append(all, v.count("restore.own", int(s.Entries)))
	} else {
		all = append(all, v.say("restore.foreign"))
	}
	if s.Gone > 0 {
		all = append(all, v.count("restore.gone", s.Gone))
	}
	if s.Back > 0 {
		all = append(all, v.count("restore.back", s.Back))
	}
	all = append(all, v.say("restore.void"), v.say("restore.signin"))
	switch {
	case s.OldForm:
		all = append(all, v.say("restore.templates.stay"))
	case len(s.Templates) == 0:
		all = append(all, v.say("restore.templates.none"))
	default:
		all = append(all, v.count("restore.templates", len(s.Templates)))
	}
	return append(all, v.say("restore.files"), v.say("restore.away"))
}

// postRestore takes a backup and has it checked. Nothing else is changed by that.
func postRestore(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := v.backupPage(f)
	if err != nil {
		return err
	}
	name, _ := v.offered()
	if name == "" {
		f.blame("file", v.say("restore.nofile"))
		return v.unsent("backup", p, f, nil)
	}
	if v.checking() {
		return v.fine()
	}
	if _, err := v.api.StageRestore(v.ctx(), v.sent); err != nil {
		return v.unsent("backup", p, f, err)
	}
	return v.doneAway("/backup", "restore.staged")
}

// postRestoreApply has the box start anew on the backup that waits.
func postRestoreApply(v *visit) error {
	f, err := v.form("id")
	if err != nil {
		return err
	}
	p, err := v.backupPage(f)
	if err != nil {
		return err
	}
	if p.Plan == nil || p.Plan.ID != f.Get("id") {
		return v.done("/backup", "restore.other") // another was uploaded meanwhile, or the box started anew
	}
	if ok, err := v.sure(p.Plan.Question, v.say("restore.do"), "id"); !ok {
		return err
	}
	if _, err := v.api.ApplyRestore(v.ctx(), p.Plan.ID); err != nil {
		return err
	}
	v.w.Header().Set("Refresh", "30; url=/")
	return v.show("restoring", nil)
}

// postRestoreDrop deletes the backup that waits.
func postRestoreDrop(v *visit) error {
	f, err := v.form("id")
	if err != nil {
		return err
	}
	var e *admin.Error
	err = v.api.DropRestore(v.ctx(), f.Get("id"))
	if err != nil && (!errors.As(err, &e) || e.Status != http.StatusNotFound) {
		return err
	}
	return v.done("/backup", "restore.dropped")
}
