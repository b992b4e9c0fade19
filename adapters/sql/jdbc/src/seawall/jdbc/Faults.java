package seawall.jdbc;

import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;

/**
 * What an exception says of the fate of a statement.
 *
 * <p><b>Invariant.</b> Only what is certain is called so: where in doubt, the statement may have been executed.
 */
final class Faults {
    private Faults() {}

    /** Certainly not executed. */
    static final int NOTHING = 0;
    /** It may have been executed. */
    static final int UNKNOWN = 1;
    /** The connection is gone. */
    static final int GONE = 2;

    static int phase(SQLException e) {
        String state = state(e);
        if (state.startsWith("08") || state.startsWith("57P")
                || e instanceof SQLRecoverableException
                || e instanceof SQLNonTransientConnectionException
                || e instanceof SQLTransientConnectionException
                || isOfTheNetwork(e)) {
            return GONE;
        }
        if (state.equals("40003")) {
            return UNKNOWN;
        }
        switch (state.substring(0, 2)) {
            // Refused by the database: syntax, data, constraints, rights, a transaction that was rolled back.
            case "0A": case "21": case "22": case "23": case "25": case "26": case "28": case "2B": case "34":
            case "3D": case "3F": case "40": case "42": case "44":
                return NOTHING;
            default:
                return UNKNOWN;
        }
    }

    /** Drivers have codes of their own for it, but they tell what it came of. */
    private static boolean isOfTheNetwork(Throwable e) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < 16; depth++) {
            if (cause instanceof IOException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null || state.length() != 5 ? "HY000" : state;
    }
}
