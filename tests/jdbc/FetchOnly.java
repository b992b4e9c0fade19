import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/**
 * The yardstick of the benchmarks: fetches every cell of a statement and does nothing with it.
 *
 * <p>Arguments: URL, user, password, statement. For each line of its input it fetches once and answers with how many
 * rows there were.
 *
 * <p>Invariant: rows are streamed as the bridge streams them, a thousand at a time.
 */
final class FetchOnly {
    private FetchOnly() {}

    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        try (Connection connection = DriverManager.getConnection(args[0], args[1], args[2])) {
            connection.setAutoCommit(false);
            while (lines.readLine() != null) {
                System.out.println(fetch(connection, args[3]));
            }
        }
    }

    private static int fetch(Connection connection, String sql) throws Exception {
        int rows = 0;
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1000);
            try (ResultSet result = statement.executeQuery(sql)) {
                int width = result.getMetaData().getColumnCount();
                for (; result.next(); rows++) {
                    for (int n = 1; n <= width; n++) {
                        result.getString(n);
                    }
                }
            }
        }
        connection.commit();
        return rows;
    }
}
