// Command compare reads loadgen's result files and prints one markdown table a workload, with ratios to a chosen name.
package main

import (
	"flag"
	"fmt"
	"log"
	"strings"

	"bench/internal/result"
)

// A column is one figure; ratio says whether it is compared with the base.
type column struct {
	title, figure string
	scale         float64
	format        string
	ratio         bool
}

var columns = []column{
	{"CPU µs/req", "gateway_cpu_us_per_request", 1, "%.1f", true},
	{"CPU µs/query", "gateway_cpu_us_per_query", 1, "%.0f", false},
	{"CPU s/GB", "gateway_cpu_s_per_gb", 1, "%.2f", true},
	{"req/s", "requests_per_s", 1, "%.0f", true},
	{"MB/s", "mb_per_s", 1, "%.0f", true},
	{"req p50 µs", "request_us_p50", 1, "%.0f", true},
	{"req p99 µs", "request_us_p99", 1, "%.0f", true},
	{"req p99.9 µs", "request_us_p999", 1, "%.0f", false},
	{"query p50 µs", "query_us_p50", 1, "%.0f", false},
	{"query p99 µs", "query_us_p99", 1, "%.0f", false},
	{"peak RSS MB", "gateway_rss_peak", 1e-6, "%.1f", true},
	{"B/idle conn", "idle_bytes_per_conn", 1, "%.0f", false},
}

// shown says whether a workload's table has a column: CPU per request says little of large bodies, CPU per GB of small ones.
func shown(c column, workload string) bool {
	large := strings.HasPrefix(workload, "large")
	switch c.figure {
	case "gateway_cpu_s_per_gb":
		return large || workload == "mixed" || workload == "custom"
	case "gateway_cpu_us_per_request", "gateway_cpu_us_per_query":
		return !large
	case "mb_per_s":
		return large || workload == "mixed" || workload == "custom"
	case "idle_bytes_per_conn":
		return workload == "connections"
	}
	return true
}

func main() {
	log.SetFlags(0)
	base := flag.String("base", "", "name that the ratios refer to")
	direct := flag.String("direct", "direct", "name of the run without gateway; added latency refers to it")
	spread := flag.Bool("spread", true, "give min–max beside the median of several runs")
	flag.Parse()
	if flag.NArg() == 0 {
		log.Fatal("usage: compare [-base NAME] RESULT.json...")
	}
	var order []string
	byWorkload := map[string][]result.Result{}
	host := ""
	for _, path := range flag.Args() {
		f, err := result.Read(path)
		if err != nil {
			log.Fatal(err)
		}
		host = f.Host
		for _, r := range f.Results {
			key := r.Workload
			if _, ok := byWorkload[key]; !ok {
				order = append(order, key)
			}
			byWorkload[key] = merge(byWorkload[key], r)
		}
	}
	fmt.Printf("Host of the last file: %s. Median of the runs", host)
	if *spread {
		fmt.Print(" (min–max)")
	}
	if *base != "" {
		fmt.Printf("; ×: ratio of the medians to %s", *base)
	}
	fmt.Println(".")
	for _, workload := range order {
		table(workload, byWorkload[workload], *base, *direct, *spread)
	}
}

// merge adds a result's runs to those of the same name, so that measurements taken in turns make one row.
func merge(results []result.Result, r result.Result) []result.Result {
	if same := find(results, r.Name); same != nil {
		same.Runs = append(same.Runs, r.Runs...)
		same.Summarize()
		return results
	}
	return append(results, r)
}

func find(results []result.Result, name string) *result.Result {
	for i := range results {
		if results[i].Name == name {
			return &results[i]
		}
	}
	return nil
}

func table(workload string, results []result.Result, base, direct string, spread bool) {
	fmt.Printf("\n### %s\n\n| |", workload)
	rule := "|---|"
	for _, c := range columns {
		if shown(c, workload) {
			fmt.Printf(" %s |", c.title)
			rule += "---:|"
		}
	}
	fmt.Print(" added req p50 µs | errors |\n" + rule + "---:|---:|\n")
	reference, without := find(results, base), find(results, direct)
	for _, r := range results {
		fmt.Printf("| %s |", r.Name)
		for _, c := range columns {
			if !shown(c, workload) {
				continue
			}
			s, ok := r.Summary[c.figure]
			if !ok {
				fmt.Print(" – |")
				continue
			}
			cell := fmt.Sprintf(c.format, s.Median*c.scale)
			if spread && len(r.Runs) > 1 {
				cell += fmt.Sprintf(" ("+c.format+"–"+c.format+")", s.Min*c.scale, s.Max*c.scale)
			}
			if reference != nil && c.ratio && r.Name != base {
				if b := reference.Summary[c.figure].Median; b > 0 {
					cell += fmt.Sprintf(" ×%.2f", s.Median/b)
				}
			}
			fmt.Printf(" %s |", cell)
		}
		added := "–"
		if without != nil && r.Name != direct && fmt.Sprint(without.Config["clients"]) == fmt.Sprint(r.Config["clients"]) {
			added = fmt.Sprintf("%.0f", r.Summary["request_us_p50"].Median-without.Summary["request_us_p50"].Median)
		}
		fmt.Printf(" %s | %s |\n", added, errorsOf(r))
	}
}

func errorsOf(r result.Result) string {
	total := int64(0)
	kinds := map[string]bool{}
	for _, run := range r.Runs {
		for kind, n := range run.Errors {
			total += n
			kinds[kind] = true
		}
	}
	if total == 0 {
		return "0"
	}
	var names []string
	for kind := range kinds {
		names = append(names, kind)
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(names, ", "))
}
