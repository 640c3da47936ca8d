package pages

import "net/http"

// sureField is sent by a form whose question was answered.
const sureField = "sure"

// sure asks before something that cannot be taken back. With a script running,
// the form's data-confirm has asked already and this only looks; without one, a
// page asks, and its form sends the same again. It answers false where it has
// asked: the handler then ends. again names the fields of the form that are sent
// with the answer; nothing else of it is, and no secret may be among them.
//
//	if ok, err := v.sure(v.say("device.remove.sure", name), v.say("device.remove.do")); !ok {
//		return err
//	}
func (v *visit) sure(question, do string, again ...string) (bool, error) {
	if err := v.parse(); err != nil {
		return false, err
	}
	if v.r.PostFormValue(sureField) == "yes" {
		return true, nil
	}
	type pair struct{ Name, Value string }
	var sent []pair
	for _, name := range again {
		for _, value := range v.r.PostForm[name] {
			sent = append(sent, pair{name, value})
		}
	}
	return false, v.show("confirm", struct {
		Question, Do, Action, Back string

		Sent []pair
	}{question, do, v.r.URL.Path, v.back(), sent})
}

// here is the page one is on: behind a form's answer, the one it stood on.
func (v *visit) here() string {
	if v.r.Method == http.MethodGet {
		return local(v.r.URL.RequestURI())
	}
	return v.back()
}

// back is the page this one was asked from.
func (v *visit) back() string {
	if r := v.r.Referer(); r != "" {
		if at, ok := v.ownPath(r); ok {
			return at
		}
	}
	return "/"
}
