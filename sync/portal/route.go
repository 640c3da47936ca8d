package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lineside/lineside/operators"
)

// V1 is the path every call begins with.
const V1 = "/v1"

// route is one call: who may make it, what it takes and what it gives. The
// table is the only place that says so; the mux and the OpenAPI document are
// made from it.
type route struct {
	method, path string
	least        Role
	// about is what it does, in one sentence.
	about string
	// query are what it takes behind the "?".
	query []param
	// in and out are zero values of the body taken and of the answer; nil is
	// none, and raw another media type than JSON.
	in, out any
	// columns are those of CSV files that are taken and given.
	columns struct{ in, out []string }
	// finds says that what it is about may not be there, although neither path nor
	// body name it.
	finds bool
	// status is that of a success.
	status int
	// do answers. What it gives is written as JSON, unless out is raw: then it
	// has written the answer by itself.
	do func(*Server, *call) (any, error)
}

// param is one parameter of a query.
type param struct{ name, about string }

// raw is a body or an answer that is not JSON.
type raw string

// Media types other than JSON.
const (
	csvType     raw = "text/csv"
	metricsType raw = "text/plain"
	tarType     raw = "application/x-tar"
	streamType  raw = "text/event-stream"
	anyJSON     raw = "application/json"
)

// routes is the whole of the API.
func routes() []route {
	return slices.Concat(
		ownRoutes(), siteRoutes(), deviceRoutes(), enrolRoutes(), userRoutes(), policyRoutes(), eventRoutes(), tokenRoutes(), allowRoutes(), backupRoutes(), csvRoutes(), releaseRoutes(),
	)
}

// ownRoutes are about the platform itself.
func ownRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/openapi.json", least: Anyone, about: "This description.", out: anyJSON, status: 200, do: (*Server).getOpenAPI},
		{method: "GET", path: V1 + "/health", least: Anyone, about: "Whether the platform answers; says nothing more.", out: Health{}, status: 200, do: (*Server).getHealth},
		{method: "GET", path: V1 + "/status", least: Viewer, about: "How the platform is and how many sites and devices it has.", out: Status{}, status: 200, do: (*Server).getStatus},
		{method: "GET", path: V1 + "/metrics", least: Viewer, about: "Metrics in Prometheus' text format.", out: metricsType, status: 200, do: (*Server).getMetrics},
	}
}

// mux matches requests to routes.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, q *http.Request) { s.answer(w.(*writer), q, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		w.(*writer).fail(noRoute(mux, q))
	})
	return mux
}

// noRoute says whether the path or only the method is unknown.
func noRoute(mux *http.ServeMux, q *http.Request) *operators.Error {
	var allow []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		other := *q
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "/" {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return operators.Fail(http.StatusNotFound, "there is no such path", "see which there are at "+V1+"/openapi.json")
	}
	e := operators.Fail(http.StatusMethodNotAllowed, "this path has no such method", "use one of "+strings.Join(allow, ", "))
	e.Allow = strings.Join(allow, ", ")
	return e
}
