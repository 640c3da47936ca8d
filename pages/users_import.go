package pages

import (
	"strings"

	"github.com/lineside/lineside/admin"
)

// importShown bounds the lines of a preview that a page shows.
const importShown = 200

// userImport is a file of users: chosen or pasted, then previewed, then imported.
type userImport struct {
	Form    *form
	Preview *admin.ImportPreview
	More    int // lines that are not shown
}

func getUserImport(v *visit) error { return v.show("user-import", &userImport{Form: filled()}) }

// postUserImport previews a file, or imports the one that was previewed. The
// text goes to and fro with the page, so that a wrong line can be mended in it.
func postUserImport(v *visit) error {
	f, err := v.form("csv", "tag")
	if err != nil {
		return err
	}
	file, err := v.file("file")
	if err != nil {
		return err
	}
	if len(file) > 0 {
		f.values["csv"] = strings.TrimSpace(string(file))
	}
	// A text field of a browser has line ends of its own: the preview's tag is
	// of the bytes.
	text := strings.ReplaceAll(f.Get("csv"), "\r\n", "\n")
	data := &userImport{Form: f}
	if text == "" {
		f.blame("csv", v.say("users.import.missing"))
		return v.again("user-import", data, f, nil)
	}
	if tag := f.Get("tag"); tag != "" && v.r.PostFormValue("do") == "import" {
		done, err := v.api.ImportUsersAs(v.ctx(), []byte(text), tag)
		if err == nil {
			return v.done("/users", "users.imported", done.Added, done.Changed)
		}
		delete(f.values, "tag")
		return v.again("user-import", data, f, err)
	}
	p, err := v.api.PreviewUsers(v.ctx(), []byte(text))
	if err != nil {
		return v.again("user-import", data, f, err)
	}
	if len(p.Lines) > importShown {
		data.More, p.Lines = len(p.Lines)-importShown, p.Lines[:importShown]
	}
	data.Preview, f.values["tag"] = &p, p.Tag
	return v.show("user-import", data)
}
