// SPDX-License-Identifier: GPL-2.0-or-later

// A client of io.tlbnoise as a stranger would write one: github.com/varlink/go, and the code that its generator made
// of the description that the daemon sends. Prints what it got as one JSON object; service.py builds and judges it.
//
//	stock-client SOCKET SCENARIO-FILE OVERRIDE...
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/varlink/go/varlink"
	"iotlbnoise"
)

type object map[string]interface{}

func must(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "stock-client: %T: %v\n", err, err)
		os.Exit(1)
	}
}

func info(ctx context.Context, c *varlink.Connection) object {
	var vendor, product string
	var interfaces []string
	must(c.GetInfo(ctx, &vendor, &product, nil, nil, &interfaces))
	description, err := c.GetInterfaceDescription(ctx, "io.tlbnoise")
	must(err)
	return object{"vendor": vendor, "product": product, "interfaces": interfaces, "description": description}
}

func status(ctx context.Context, c *varlink.Connection) object {
	version, pid, service, recovered, runs, queue, err := iotlbnoise.Status().Call(ctx, c)
	must(err)
	return object{"version": version, "pid": pid, "service": service, "recovered": recovered, "runs": runs,
		"queue": queue}
}

// Follows a run from its first progress to its document.
func run(ctx context.Context, c *varlink.Connection, name string, overrides []string) object {
	text, err := os.ReadFile(name)
	must(err)
	scenario := string(text)
	receive, err := iotlbnoise.Run().Send(ctx, c, varlink.More, name, &scenario, &overrides, nil, nil, nil, nil)
	must(err)
	states := []string{}
	for {
		progress, document, _, flags, err := receive(ctx)
		must(err)
		if progress != nil {
			states = append(states, progress.State)
		}
		if flags&varlink.Continues == 0 {
			return object{"states": states, "document": document}
		}
	}
}

// An error with its name and parameter, as the generated code sees it.
func refusal(ctx context.Context, c *varlink.Connection) object {
	_, err := iotlbnoise.Stop().Call(ctx, c, "nosuch")
	if e, ok := err.(*iotlbnoise.NoSuchRun); ok {
		return object{"message": e.Message}
	}
	must(fmt.Errorf("Stop of no such run: %T, %v", err, err))
	return nil
}

func main() {
	ctx := context.Background()
	c, err := varlink.NewConnection(ctx, "unix:"+os.Args[1])
	must(err)
	defer c.Close()
	out := object{"info": info(ctx, c), "status": status(ctx, c), "refusal": refusal(ctx, c)}
	out["run"] = run(ctx, c, os.Args[2], os.Args[3:])
	must(json.NewEncoder(os.Stdout).Encode(out))
}
