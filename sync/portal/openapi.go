package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/operators"
)

// object is a JSON object of the document.
type object = map[string]any

// Document is the OpenAPI 3.1 description, made from the table of routes.
func Document(version string) ([]byte, error) {
	schemas := object{}
	failure := schemaOf(reflect.TypeFor[operators.Error](), schemas)
	paths := object{}
	for _, r := range routes() {
		path, _ := paths[r.path].(object)
		if path == nil {
			path = object{}
			paths[r.path] = path
		}
		path[strings.ToLower(r.method)] = r.describe(schemas, failure)
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "lineside-central", "version": version,
			"description": "The operators' API of the platform. Every answer that is no success says what happened and what to do about it."},
		"paths":    paths,
		"security": []any{object{"token": []any{}}},
		"components": object{"schemas": schemas,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
	}, "", "  ")
}

func (s *Server) getOpenAPI(c *call) (any, error) {
	b, err := Document(s.cfg.Version)
	if err == nil {
		c.w.send(http.StatusOK, "application/json", b)
	}
	return nil, err
}

// operationID is a name for the call, made from method and path.
func (r route) operationID() string {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.method))
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(r.path, V1), func(c rune) bool { return strings.ContainsRune("/-{}._", c) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func (r route) describe(schemas, failure object) object {
	good := object{"description": "Done."}
	if r.out != nil {
		good["content"] = r.content(r.out, r.columns.out, schemas)
	}
	answers := object{strconv.Itoa(r.status): good}
	for status, when := range r.refusals() {
		answers[status] = object{"description": when, "content": object{"application/json": object{"schema": failure}}}
	}
	op := object{"operationId": r.operationID(), "summary": r.about, "x-least-role": r.least.String(), "responses": answers}
	if r.least == Anyone {
		op["security"] = []any{}
	}
	if r.in != nil {
		op["requestBody"] = object{"required": true, "content": r.content(r.in, r.columns.in, schemas)}
	}
	if params := r.params(); len(params) > 0 {
		op["parameters"] = params
	}
	return op
}

var inPath = regexp.MustCompile(`\{([a-z]+)(?:\.\.\.)?\}`)

func (r route) params() (list []any) {
	text := object{"type": "string"}
	for _, m := range inPath.FindAllStringSubmatch(r.path, -1) {
		list = append(list, object{"name": m[1], "in": "path", "required": true, "schema": text})
	}
	for _, q := range r.query {
		list = append(list, object{"name": q.name, "in": "query", "description": q.about, "schema": text})
	}
	return list
}

// content describes a body. A CSV file's schema is its first row: the columns by
// their names, in any order, of which a file to be taken may leave some out.
func (r route) content(v any, columns []string, schemas object) object {
	switch media, ok := v.(raw); {
	case ok && media == csvType:
		return object{string(media): object{"schema": object{"type": "string", "x-columns": columns,
			"description": "CSV (RFC 4180) in UTF-8, whose first row names the columns: " + strings.Join(columns, ", ") + "."}}}
	case ok:
		return object{string(media): object{}}
	}
	return object{"application/json": object{"schema": schemaOf(reflect.TypeOf(v), schemas)}}
}

// schemaOf describes how encoding/json writes a type. Structs stand in schemas,
// by their names, and are pointed to.
func schemaOf(t reflect.Type, schemas object) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": "integer", "description": "nanoseconds"}
	case t.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), schemas)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint16, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": schemaOf(t.Elem(), schemas)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem(), schemas)}
	case reflect.Struct:
		if _, done := schemas[t.Name()]; !done {
			schemas[t.Name()] = nil // it may hold itself
			schemas[t.Name()] = structOf(t, schemas)
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	panic(fmt.Sprintf("portal: no schema for %s", t)) // our own mistake, found by the test of the document
}

func structOf(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		properties[name] = schemaOf(f.Type, schemas)
		if !strings.Contains(rest, "omit") && !strings.HasSuffix(t.Name(), "Input") {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
