package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// misbehave does a fault in place of the answer body; false closes the connection.
func (s *session) misbehave(f fault, body []byte) bool {
	count.faults.Add(1)
	switch f.kind {
	case "status":
		return s.simple(f.status, "text/plain", []byte("fault asked for\n"))
	case "hang":
		s.clientGone(0)
		return false
	case "garbage":
		return s.json([]byte(`{"id": <html>`))
	}
	b := s.startHead(200)
	b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	switch f.kind {
	case "reset", "close":
		s.write(append(b, body[:len(body)/2]...))
		if f.kind == "reset" {
			time.Sleep(20 * time.Millisecond) // let the half page reach the reader before the RST discards it
			s.reset()
		}
		return false
	case "slow":
		if !s.write(b) {
			return false
		}
		const step = 50 * time.Millisecond
		size := max(1, f.bps/int(time.Second/step))
		for len(body) > 0 {
			k := min(size, len(body))
			if !s.write(append(s.out[:0], body[:k]...)) {
				count.clientLeft.Add(1)
				return false
			}
			if body = body[k:]; len(body) > 0 {
				time.Sleep(step)
			}
		}
		return true
	}
	return s.simple(500, "text/plain", []byte("unknown fault\n"))
}

func tagCounter(tag string) *atomic.Int64 {
	c, _ := faultTags.LoadOrStore(tag, new(atomic.Int64))
	return c.(*atomic.Int64)
}

type queryInfo struct {
	QueryID string            `json:"queryId"`
	State   string            `json:"state"`
	Query   string            `json:"query"`
	User    string            `json:"sessionUser"`
	Session map[string]string `json:"session"`
	Created time.Time         `json:"created"`
}

func (q *query) info() queryInfo {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queryInfo{q.id, q.state, q.sql, q.user, map[string]string{"user": q.user}, q.created}
}

// listQueries answers /v1/query, with ?state=STATE.
func listQueries(params string) []byte {
	state, _ := strings.CutPrefix(params, "state=")
	all := []queryInfo{}
	for i := range registry {
		for _, q := range listShard(i) {
			if info := q.info(); state == "" || info.State == state {
				all = append(all, info)
			}
		}
	}
	body, _ := json.Marshal(all)
	return body
}

// liveQueries answers /v1/queryState, which in Trino lists running and waiting queries only.
func liveQueries() []byte {
	type item struct {
		QueryID string    `json:"queryId"`
		State   string    `json:"queryState"`
		Group   []string  `json:"resourceGroupId"`
		Query   string    `json:"query"`
		Created time.Time `json:"createTime"`
		User    string    `json:"user"`
	}
	all := []item{}
	for i := range registry {
		for _, q := range listShard(i) {
			if info := q.info(); info.State == "QUEUED" || info.State == "RUNNING" {
				all = append(all, item{info.QueryID, info.State, []string{"global"}, info.Query, info.Created, info.User})
			}
		}
	}
	body, _ := json.Marshal(all)
	return body
}

func (s *session) queryInfo(id []byte) bool {
	q := findQuery(id)
	if q == nil {
		return s.simple(410, "text/plain", nil)
	}
	if string(s.req.method) == "DELETE" {
		q.mu.Lock()
		if q.finish("FAILED") {
			count.cancelled.Add(1)
		}
		q.mu.Unlock()
		return s.send(204, "", nil)
	}
	body, _ := json.Marshal(q.info())
	return s.json(body)
}
