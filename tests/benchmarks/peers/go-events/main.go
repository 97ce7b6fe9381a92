// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Measures docker/go-events in the same manner as qanat-bench measures Qanat, row for row, so that both can stand side by
// side. One JSON object per line: the name of the row, nanoseconds per event (for broadcast rows: per event and
// queue), and how many events (and queues) it took.
//
//	go-events-bench [-scale PERCENT] [NAME...]
//
// NAME is a row, or the beginning of one: "queue", "broadcast/queues:10". Without any, every row is measured.
// Every event is counted where it arrives; the exit status is 1 if one is missing or one too many, 2 for wrong usage.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	events "github.com/docker/go-events"
)

// payload is about what an application writes: made once, and shared by all events, so that no row pays for making it.
type payload struct {
	ID     string
	Type   string
	Source string
}

var event events.Event = &payload{"018f4e6a-7b1c-7000-8000-000000000001", "bench.event", "/bench"}

// countingSink does nothing but count. A queue calls it from one goroutine only, so the count needs no lock; closing done
// makes it visible to who waits.
type countingSink struct {
	expected int
	count    int
	looks    bool
	done     chan struct{}
	warmUp   int
	warm     chan struct{}
}

func newCountingSink(expected int) *countingSink {
	return &countingSink{expected: expected, done: make(chan struct{}), warm: make(chan struct{})}
}

func (s *countingSink) Write(event events.Event) error {
	if s.looks && event.(*payload).Type != "bench.event" {
		return nil
	}
	s.count++
	if s.count == s.expected {
		close(s.done)
	} else if s.count == s.warmUp {
		close(s.warm)
	}
	return nil
}

func (s *countingSink) Close() error { return nil }

// patience ends a run in which events were lost, which would wait for ever.
const patience = 60 * time.Second

func wait(sinks []*countingSink) error {
	limit := time.After(patience)
	for number, sink := range sinks {
		select {
		case <-sink.done:
		case <-limit:
			return fmt.Errorf("sink %d did not receive its %d events within %v", number, sink.expected, patience)
		}
	}
	return nil
}

// check is called when nobody writes any more, and everything is closed.
func check(sinks []*countingSink) error {
	for number, sink := range sinks {
		if sink.count != sink.expected {
			return fmt.Errorf("sink %d received %d events instead of %d", number, sink.count, sink.expected)
		}
	}
	return nil
}

// queueRun takes the time from the first write until the last of total events was delivered.
func queueRun(producers, total int) (time.Duration, error) {
	sink := newCountingSink(total)
	queue := events.NewQueue(sink)
	sinks := []*countingSink{sink}

	var ready, finished sync.WaitGroup
	start := make(chan struct{})
	failures := make(chan error, producers)
	for producer := 0; producer < producers; producer++ {
		share := total / producers
		if producer < total%producers {
			share++
		}
		ready.Add(1)
		finished.Add(1)
		go func() {
			defer finished.Done()
			ready.Done()
			<-start
			for i := 0; i < share; i++ {
				if err := queue.Write(event); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	ready.Wait()
	begin := time.Now()
	close(start)
	finished.Wait()
	select {
	case err := <-failures:
		return 0, err
	default:
	}
	if err := wait(sinks); err != nil {
		return 0, err
	}
	elapsed := time.Since(begin)
	if err := queue.Close(); err != nil {
		return 0, err
	}
	return elapsed, check(sinks)
}

// broadcastRun takes the time from the first write until every queue has delivered all of count events. A tenth of them comes
// before, so that each queue has worked once.
func broadcastRun(queues, count int, looks bool) (time.Duration, error) {
	warmUp := count / 10
	if warmUp < 1 {
		warmUp = 1
	}
	var sinks []*countingSink
	var targets []events.Sink
	for i := 0; i < queues; i++ {
		sink := newCountingSink(warmUp + count)
		sink.looks = looks
		sink.warmUp = warmUp
		sinks = append(sinks, sink)
		targets = append(targets, events.NewQueue(sink))
	}
	broadcaster := events.NewBroadcaster(targets...)
	for i := 0; i < warmUp; i++ {
		if err := broadcaster.Write(event); err != nil {
			return 0, err
		}
	}
	for _, sink := range sinks {
		<-sink.warm
	}

	begin := time.Now()
	for i := 0; i < count; i++ {
		if err := broadcaster.Write(event); err != nil {
			return 0, err
		}
	}
	if err := wait(sinks); err != nil {
		return 0, err
	}
	elapsed := time.Since(begin)
	if err := broadcaster.Close(); err != nil {
		return 0, err
	}
	return elapsed, check(sinks)
}

// tellingSink tells when the last of all sinks has the event.
type tellingSink struct {
	pending *int64
	all     chan struct{}
}

func (s *tellingSink) Write(events.Event) error {
	if atomic.AddInt64(s.pending, -1) == 0 {
		s.all <- struct{}{}
	}
	return nil
}

func (s *tellingSink) Close() error { return nil }

// pacedRun writes the next event only when all queues have delivered the last.
func pacedRun(queues, count int) (time.Duration, error) {
	var pending int64
	all := make(chan struct{}, 1)
	var targets []events.Sink
	for i := 0; i < queues; i++ {
		targets = append(targets, events.NewQueue(&tellingSink{&pending, all}))
	}
	broadcaster := events.NewBroadcaster(targets...)
	writeOne := func() error {
		atomic.StoreInt64(&pending, int64(queues))
		if err := broadcaster.Write(event); err != nil {
			return err
		}
		select {
		case <-all:
			return nil
		case <-time.After(patience):
			return fmt.Errorf("an event did not reach %d queues within %v", queues, patience)
		}
	}
	if err := writeOne(); err != nil {
		return 0, err
	}
	begin := time.Now()
	for i := 0; i < count; i++ {
		if err := writeOne(); err != nil {
			return 0, err
		}
	}
	elapsed := time.Since(begin)
	return elapsed, broadcaster.Close()
}

// chainRun sends count events through a broadcaster, a filter, a queue and a retry.
func chainRun(count int) (time.Duration, error) {
	sink := newCountingSink(count)
	sinks := []*countingSink{sink}
	retry := events.NewRetryingSink(sink, events.NewBreaker(5, time.Second))
	matcher := events.MatcherFunc(func(event events.Event) bool { return event.(*payload).Type == "bench.event" })
	broadcaster := events.NewBroadcaster(events.NewFilter(events.NewQueue(retry), matcher))
	begin := time.Now()
	for i := 0; i < count; i++ {
		if err := broadcaster.Write(event); err != nil {
			return 0, err
		}
	}
	if err := wait(sinks); err != nil {
		return 0, err
	}
	elapsed := time.Since(begin)
	if err := broadcaster.Close(); err != nil {
		return 0, err
	}
	return elapsed, check(sinks)
}

// httpSink posts one event after the other, over a connection that is kept.
type httpSink struct {
	url    string
	client *http.Client
}

func (s *httpSink) Write(event events.Event) error {
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	response, err := s.client.Post(s.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("answered %d", response.StatusCode)
	}
	return nil
}

func (s *httpSink) Close() error { return nil }

func httpRun(count int) (time.Duration, error) {
	var arrived int64
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if _, err := io.Copy(io.Discard, request.Body); err == nil {
			atomic.AddInt64(&arrived, 1)
		}
		writer.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	sink := &httpSink{server.URL, server.Client()}
	queue := events.NewQueue(events.NewRetryingSink(sink, events.NewBreaker(5, time.Second)))
	begin := time.Now()
	for i := 0; i < count; i++ {
		if err := queue.Write(&httpPayload{payload: event.(*payload), N: i, Text: "nothing to be seen, and a little more of it"}); err != nil {
			return 0, err
		}
	}
	// It ends when everything was written.
	if err := queue.Close(); err != nil {
		return 0, err
	}
	elapsed := time.Since(begin)
	if got := atomic.LoadInt64(&arrived); got != int64(count) {
		return 0, fmt.Errorf("%d of %d events arrived", got, count)
	}
	return elapsed, nil
}

// httpPayload has about 200 bytes as JSON.
type httpPayload struct {
	*payload
	N    int
	Text string
}

// row is one line of the result. Its number of events makes it last about half a second.
type row struct {
	name   string
	events int
	queues int
	run    func(count int) (time.Duration, error)
}

func queueRow(producers, count int) row {
	return row{fmt.Sprintf("queue/producers:%d", producers), count, 1,
		func(count int) (time.Duration, error) { return queueRun(producers, count) }}
}

func broadcastRow(queues, count int) row {
	return row{fmt.Sprintf("broadcast/queues:%d", queues), count, queues,
		func(count int) (time.Duration, error) { return broadcastRun(queues, count, false) }}
}

func lookRow(queues, count int) row {
	return row{fmt.Sprintf("look/queues:%d", queues), count, queues,
		func(count int) (time.Duration, error) { return broadcastRun(queues, count, true) }}
}

// pacedRow is in nanoseconds per event, whatever the number of queues.
func pacedRow(queues, count int) row {
	return row{fmt.Sprintf("paced/queues:%d", queues), count, 1,
		func(count int) (time.Duration, error) { return pacedRun(queues, count) }}
}

var rows = []row{
	queueRow(1, 3000000),
	queueRow(2, 3000000),
	queueRow(4, 3000000),
	queueRow(8, 3000000),
	// As many as Qanat gets.
	broadcastRow(1, 1000000),
	broadcastRow(10, 1000000),
	broadcastRow(100, 200000),
	broadcastRow(1000, 20000),
	broadcastRow(10000, 2000),
	lookRow(10, 1000000),
	lookRow(100, 200000),
	lookRow(1000, 20000),
	pacedRow(1, 200000),
	pacedRow(10, 40000),
	pacedRow(100, 10000),
	pacedRow(1000, 1000),
	row{"chain", 1000000, 1, chainRun},
	// One request for each event, which is all that its HTTP sink can do.
	row{"http/batched/inflight:1", 20000, 1, httpRun},
	row{"http/batched/inflight:6", 20000, 1, httpRun},
}

type result struct {
	Name   string  `json:"name"`
	Ns     float64 `json:"ns"`
	Events int     `json:"events"`
	Queues int     `json:"queues"`
}

func selectRows(names []string) ([]row, error) {
	if len(names) == 0 {
		return rows, nil
	}
	var selected []row
	used := make([]bool, len(names))
	for _, candidate := range rows {
		matches := false
		for number, name := range names {
			// "queue/producers:1" is that row, and not the beginning of a row with ten of them.
			if candidate.name == name || strings.HasPrefix(candidate.name, name+"/") || strings.HasPrefix(candidate.name, name+":") {
				matches = true
				used[number] = true
			}
		}
		if matches {
			selected = append(selected, candidate)
		}
	}
	for number, name := range names {
		if !used[number] {
			return nil, fmt.Errorf("there is no row %q", name)
		}
	}
	return selected, nil
}

func main() {
	scale := flag.Int("scale", 100, "percentage of the events of each row")
	flag.Parse()
	selected, err := selectRows(flag.Args())
	if err == nil && *scale < 1 {
		err = fmt.Errorf("-scale must be at least 1")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-events-bench:", err)
		os.Exit(2)
	}

	output := json.NewEncoder(os.Stdout)
	for _, row := range selected {
		count := row.events * *scale / 100
		if count < 10 {
			count = 10
		}
		elapsed, err := row.run(count)
		if err != nil {
			fmt.Fprintf(os.Stderr, "go-events-bench: %s: %v\n", row.name, err)
			os.Exit(1)
		}
		deliveries := float64(count) * float64(row.queues)
		if err := output.Encode(result{row.name, float64(elapsed.Nanoseconds()) / deliveries, count, row.queues}); err != nil {
			fmt.Fprintln(os.Stderr, "go-events-bench:", err)
			os.Exit(1)
		}
	}
}
