package operators

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Decode reads one JSON value without unknown fields. document is where the
// caller reads what is taken.
func Decode(r io.Reader, v any, document string) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badJSON(err, document)
	}
	switch _, err := dec.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return badJSON(err, document)
	}
	return Fail(http.StatusBadRequest, "the body goes on after its JSON value", "send one JSON value")
}

// badJSON words what encoding/json found. The value itself is never repeated:
// it may be a password.
func badJSON(err error, document string) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) || errors.Is(err, phone.ErrMAC) {
		return err
	}
	hint := "see what this call takes at " + document
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return Fail(http.StatusBadRequest, "the body is empty", hint)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Fail(http.StatusBadRequest, "the body ends in the middle of its JSON", hint)
	case errors.As(err, &syntax):
		return Fail(http.StatusBadRequest, fmt.Sprintf("the body is no JSON: at byte %d, %v", syntax.Offset, syntax), hint)
	case errors.As(err, &kind) && kind.Field == "":
		return Fail(http.StatusBadRequest, "the body is a JSON value of the wrong kind", hint)
	case errors.As(err, &kind):
		return Fail(http.StatusBadRequest, fmt.Sprintf("field %q must be a %s", kind.Field, kind.Type.Kind()), hint)
	}
	// Nor has an address that cannot be read, whose text begins like this.
	if strings.HasPrefix(err.Error(), "ParseAddr(") {
		return Fail(http.StatusBadRequest, "an address in the body cannot be read", "write it like 10.20.0.60")
	}
	// An unknown field has no type of its own in encoding/json; its text names
	// the field and nothing else.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Fail(http.StatusBadRequest, "there is no field "+name, hint)
	}
	return Fail(http.StatusBadRequest, "the body cannot be read", hint)
}
