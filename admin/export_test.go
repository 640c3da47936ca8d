package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// Routes is the route table as method, path and least role, for the tests that
// walk it.
func Routes() [][3]string {
	var list [][3]string
	for _, r := range routes() {
		list = append(list, [3]string{r.method, r.path, r.least.String()})
	}
	return list
}

// Try makes a call without a body and gives the answer's status.
func (c *Client) Try(ctx context.Context, method, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://lineside"+path, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}
