import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** Runs statements with Trino's JDBC driver; python_client.py says how it is called. */
public final class JdbcClient {
    public static void main(String[] arguments) throws Exception {
        List<String> rest = Arrays.asList(arguments).subList(2, arguments.length);
        try (Connection connection = connect(arguments[0])) {
            switch (arguments[1]) {
                case "run" -> run(connection, rest);
                case "transaction" -> transaction(connection, rest);
                case "prepared" -> prepared(connection, rest);
                case "cancel" -> cancel(connection, rest.get(0));
                default -> throw new IllegalArgumentException("unknown command " + arguments[1]);
            }
        } catch (SQLException error) {
            System.err.println(error);
            System.exit(1);
        }
    }

    private static Connection connect(String url) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "jdbc");
        if (url.startsWith("https:")) {
            properties.setProperty("password", System.getenv("TRINO_PASSWORD"));
            properties.setProperty("SSL", "true");
            properties.setProperty("SSLTrustStorePath", System.getenv("TRINO_CA"));
        }
        return DriverManager.getConnection(url.replaceFirst("^https?", "jdbc:trino"), properties);
    }

    private static void run(Connection connection, List<String> statements) throws Exception {
        for (String sql : statements) {
            if (sql.equals("PAUSE")) {
                System.out.println("PAUSED");
                System.in.read();
                continue;
            }
            try (Statement statement = connection.createStatement()) {
                if (statement.execute(sql)) {
                    printRows(statement.getResultSet());
                }
            }
        }
    }

    private static void transaction(Connection connection, List<String> statements) throws Exception {
        connection.setAutoCommit(false);
        run(connection, statements);
        connection.commit();
    }

    private static void prepared(Connection connection, List<String> sqlAndArguments) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sqlAndArguments.get(0))) {
            for (int i = 1; i < sqlAndArguments.size(); i++) {
                statement.setString(i, sqlAndArguments.get(i));
            }
            printRows(statement.executeQuery());
        }
    }

    private static void cancel(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            Thread canceller = new Thread(() -> cancelOnInput(statement));
            canceller.setDaemon(true);
            canceller.start();
            printRows(statement.executeQuery(sql));
        }
    }

    private static void cancelOnInput(Statement statement) {
        try {
            if (System.in.read() >= 0) {
                statement.cancel();
            }
        } catch (Exception error) {
            System.err.println("cancel failed: " + error);
        }
    }

    // Not buffered: a reader that stops reading makes the client stop polling.
    private static void printRows(ResultSet rows) throws SQLException {
        int columns = rows.getMetaData().getColumnCount();
        while (rows.next()) {
            StringBuilder line = new StringBuilder();
            for (int column = 1; column <= columns; column++) {
                line.append(column > 1 ? "\t" : "").append(rows.getString(column));
            }
            System.out.println(line);
        }
    }
}
