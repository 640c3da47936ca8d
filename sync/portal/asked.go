package portal

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lineside/lineside/operators"
)

// asked refuses what the route does not know: a parameter that nobody reads, or
// a body where none is taken, is a mistake its sender would not hear of. A
// mistyped "sitte=" would list every site's.
func (r route) asked(q *http.Request) error {
	given, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return operators.Fail(http.StatusBadRequest, "the query cannot be read", "write it as name=value&name=value, with %XX for what is no letter or digit")
	}
	for name, values := range given {
		if !slices.ContainsFunc(r.query, func(p param) bool { return p.name == name }) {
			return operators.Fail(http.StatusBadRequest, fmt.Sprintf("the query has %.40q, which this call does not know", name), r.knows())
		}
		if len(values) > 1 {
			return operators.Fail(http.StatusBadRequest, fmt.Sprintf("the query has %s more than once", name), "write it once")
		}
	}
	if r.in != nil || q.Body == nil {
		return nil
	}
	n, err := q.Body.Read(make([]byte, 1))
	if n > 0 {
		return operators.Fail(http.StatusBadRequest, "this call takes no body", "send none; see what it takes at "+V1+"/openapi.json")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

// knows says what a query may have.
func (r route) knows() string {
	if len(r.query) == 0 {
		return "leave it out: this call has no query"
	}
	var names []string
	for _, p := range r.query {
		names = append(names, p.name)
	}
	return "use " + strings.Join(names, ", ")
}

// refusals are the statuses a route may answer with that are no success, each
// with when.
func (r route) refusals() map[string]string {
	out := map[string]string{}
	add := func(status int, when string) { out[strconv.Itoa(status)] = when }
	add(http.StatusBadRequest, "A parameter, MAC, or body that cannot be read, or that this call does not know.")
	add(http.StatusInternalServerError, "The platform could not do this; its log says why.")
	if r.least == Anyone {
		add(http.StatusUnauthorized, "A token was sent, and is not good.")
	} else {
		add(http.StatusUnauthorized, "No token was sent, or none that is good.")
		add(http.StatusForbidden, "The token's role may not do this.")
	}
	add(http.StatusTooManyRequests, "Too many wrong tokens came from this address; Retry-After says how long to wait.")
	add(http.StatusServiceUnavailable, "The platform is busy, or cannot reach its stream; Retry-After says when to come again.")
	if strings.Contains(r.path, "{") || r.in != nil || len(r.query) > 0 || r.finds {
		add(http.StatusNotFound, "What the call names does not exist.")
	}
	if r.in != nil {
		add(http.StatusRequestEntityTooLarge, "The body is too long.")
		add(http.StatusUnsupportedMediaType, "The body is of another type than this call takes.")
	}
	if r.method != http.MethodGet {
		add(http.StatusConflict, "It clashes with what there is: there is one already, there are too many, or the site's box has not joined.")
		add(http.StatusUnprocessableEntity, "What was sent is not valid; the fields at fault are named, nothing was changed.")
		add(http.StatusInsufficientStorage, "The platform's disk is full; nothing was changed.")
	}
	return out
}
