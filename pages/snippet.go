package pages

import (
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/lineside/lineside/admin"
)

// snippetPage is what another DHCP server is to be told of this box.
type snippetPage struct {
	admin.DHCPSnippet
	Problem *problem
}

func getSnippet(v *visit) error {
	out, err := v.snippet()
	var e *admin.Error
	if errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict) {
		return v.render(e.Status, "leases-snippet", snippetPage{Problem: v.problem(err), DHCPSnippet: out})
	}
	if err != nil {
		return err
	}
	return v.show("leases-snippet", snippetPage{DHCPSnippet: out})
}

// snippet is that of the server that was chosen, of the first one where none was.
func (v *visit) snippet() (admin.DHCPSnippet, error) {
	list, err := v.api.DHCPSnippet(v.ctx(), "")
	if err != nil || len(list.Servers) == 0 {
		return list, err
	}
	out, err := v.api.DHCPSnippet(v.ctx(), cmp.Or(cut(v.r.URL.Query().Get("for"), 40), list.Servers[0]))
	out.Servers = list.Servers
	return out, err
}

// getSnippetFile sends it as a file.
func getSnippetFile(v *visit) error {
	out, err := v.snippet()
	if err != nil {
		return err
	}
	return v.download("lineside-"+out.For+".txt", "text/plain; charset=utf-8", func(w io.Writer) error {
		_, err := io.WriteString(w, out.Text)
		return err
	})
}
