package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestGzipPageIsOneMember(t *testing.T) {
	for _, n := range []int{0, 14, 300, 5000, 1 << 20} {
		f := getFiller(n)
		front, middle, back := f.gzipPage([]byte("head"), []byte("tail"))
		r, err := gzip.NewReader(bytes.NewReader(bytes.Join([][]byte{front, middle, back}, nil)))
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		got, err := io.ReadAll(r)
		if err != nil || string(got) != "head"+string(f.raw)+"tail" {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestFillerIsRowsOfExactSize(t *testing.T) {
	for _, n := range []int{0, 14, 15, 1023, 1024, 1025, 2047, 2048, 2049, 100000} {
		var rows [][]any
		if err := json.Unmarshal([]byte("["+string(newFiller(n).raw)+"]"), &rows); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
}

func startFake(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	setDate()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return "http://" + ln.Addr().String()
}

type answer struct {
	ID      string
	NextURI string `json:"nextUri"`
	Data    [][]any
	Error   any
	Stats   struct{ State string }
}

func call(t *testing.T, method, url, body string, headers ...string) (int, answer, error) {
	req, _ := http.NewRequest(method, url, strings.NewReader(body))
	req.Header.Set("X-Trino-User", "test")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return 0, answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	var a answer
	if err == nil && resp.StatusCode == 200 {
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatalf("%v in %.200s", err, data)
		}
	}
	return resp.StatusCode, a, err
}

func TestLifecycle(t *testing.T) {
	base := startFake(t)
	for _, sql := range []string{"tag=a pages=3 bytes=5000 queued=2", "tag=a pages=3 queued=2 bytes=70000 chunked=1", "tag=a pages=3 queued=2 bytes=0"} {
		status, a, err := call(t, "POST", base+"/v1/statement", sql)
		calls, pages := 0, 0
		for first := a; err == nil && status == 200 && a.NextURI != ""; calls++ {
			status, a, err = call(t, "GET", a.NextURI, "")
			if a.ID != first.ID {
				t.Fatalf("%s became %s", first.ID, a.ID)
			}
			if len(a.Data) > 0 {
				if a.Data[0][0] != "a" || a.Data[0][1] != float64(pages) {
					t.Fatalf("page %d begins %v", pages, a.Data[0])
				}
				pages++
			}
		}
		if err != nil || status != 200 || calls != 5 || pages != 3 || a.Stats.State != "FINISHED" {
			t.Fatalf("%s: %v, %d, %d calls, %d pages, %s", sql, err, status, calls, pages, a.Stats.State)
		}
	}
}

func TestForwardedBase(t *testing.T) {
	base := startFake(t)
	for _, c := range []struct{ host, proto, port, want string }{
		{"gw:8443", "https", "", "https://gw:8443/"},
		{"gw", "https", "8443", "https://gw:8443/"},
		{"gw", "https", "443", "https://gw/"},
		{"gw:1", "http", "2", "http://gw:1/"},
		{"[::1]", "http", "81", "http://[::1]:81/"},
		{"a, b", "https, http", "", "https://a/"},
	} {
		_, a, err := call(t, "POST", base+"/v1/statement", "SELECT 1", "X-Forwarded-Host", c.host, "X-Forwarded-Proto", c.proto, "X-Forwarded-Port", c.port)
		if err != nil || !strings.HasPrefix(a.NextURI, c.want+"v1/statement/queued/") {
			t.Errorf("%v: %v %s", c, err, a.NextURI)
		}
	}
}

func TestForwardedPrefix(t *testing.T) {
	base := startFake(t)
	_, a, err := call(t, "POST", base+"/v1/statement", "SELECT 1", "X-Forwarded-Host", "gw", "X-Forwarded-Prefix", "/~c1")
	if err != nil || !strings.HasPrefix(a.NextURI, "http://gw/~c1/v1/statement/queued/") {
		t.Errorf("%v %s", err, a.NextURI)
	}
}

func TestQueryStateListsLiveQueries(t *testing.T) {
	base := startFake(t)
	_, a, err := call(t, "POST", base+"/v1/statement", "tag=alive")
	if err != nil {
		t.Fatal(err)
	}
	listed := func() bool {
		resp, err := http.Get(base + "/v1/queryState")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var all []struct{ QueryID, QueryState, User string }
		if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			if q.QueryID == a.ID {
				return q.QueryState == "QUEUED" && q.User == "test"
			}
		}
		return false
	}
	if !listed() {
		t.Error("not listed while it lives")
	}
	if status, _, err := call(t, "DELETE", a.NextURI, ""); status != 204 || err != nil {
		t.Fatal(status, err)
	}
	if listed() {
		t.Error("still listed after its end")
	}
}

func TestFaults(t *testing.T) {
	base := startFake(t)
	first := func(sql string) (int, answer, error) {
		_, a, err := call(t, "POST", base+"/v1/statement", sql+" queued=0")
		if err != nil {
			t.Fatal(err)
		}
		status, _, err := call(t, "GET", a.NextURI, "")
		return status, a, err
	}
	for _, kind := range []string{"reset", "close"} {
		if _, _, err := first("fault=" + kind); err == nil {
			t.Errorf("%s: no error", kind)
		}
	}
	status, a, _ := first("fault=503 at=page times=1")
	if status != 503 {
		t.Errorf("status %d", status)
	}
	if status, b, err := call(t, "GET", a.NextURI, ""); status != 200 || err != nil || len(b.Data) == 0 {
		t.Errorf("after the fault: %d %v", status, err)
	}
	if status, _, _ := call(t, "POST", base+"/v1/statement", "fault=502"); status != 502 {
		t.Errorf("status %d", status)
	}
	if status, _, _ := call(t, "DELETE", a.NextURI, ""); status != 204 {
		t.Errorf("delete %d", status)
	}
	if status, b, _ := call(t, "GET", a.NextURI, ""); status != 200 || b.Error == nil {
		t.Errorf("after delete: %d %v", status, b.Error)
	}
	if status, b, err := first("fault=slow bps=100000 pages=1"); status != 200 || err != nil {
		t.Errorf("slow: %d %v %v", status, b, err)
	}
}
