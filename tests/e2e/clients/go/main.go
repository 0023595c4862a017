// Runs statements with Trino's Go client; python_client.py says how it is called.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/trinodb/trino-go-client/trino"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, command string, arguments []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db, err := sql.Open("trino", strings.Replace(url, "http://", "http://go@", 1))
	if err != nil {
		return err
	}
	defer db.Close()
	// One connection for all: the pool would lose what SET SESSION and USE set.
	connection, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()

	switch command {
	case "run":
		return printAll(ctx, connection, arguments)
	case "transaction":
		return transaction(ctx, connection, arguments)
	case "prepared":
		var parameters []any
		for _, argument := range arguments[1:] {
			parameters = append(parameters, argument)
		}
		return printRows(connection.QueryContext(ctx, arguments[0], parameters...))
	case "cancel":
		go func() {
			if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err == nil {
				cancel()
			}
		}()
		return printAll(ctx, connection, arguments)
	case "ping":
		return connection.PingContext(ctx)
	}
	return fmt.Errorf("unknown command %q", command)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func printAll(ctx context.Context, on querier, statements []string) error {
	for _, statement := range statements {
		if statement == "PAUSE" {
			fmt.Println("PAUSED")
			if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
				return err
			}
			continue
		}
		if err := printRows(on.QueryContext(ctx, statement)); err != nil {
			return err
		}
	}
	return nil
}

func transaction(ctx context.Context, connection *sql.Conn, statements []string) error {
	tx, err := connection.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := printAll(ctx, tx, statements); err != nil {
		return err
	}
	return tx.Commit()
}

func printRows(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	pointers := make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		fmt.Printf(strings.TrimSuffix(strings.Repeat("%v\t", len(values)), "\t")+"\n", values...)
	}
	return rows.Err()
}
