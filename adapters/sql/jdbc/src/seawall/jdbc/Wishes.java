package seawall.jdbc;

/**
 * How rows are wanted.
 *
 * <p><b>Invariant.</b> A wish chooses a form; it never changes a value.
 */
final class Wishes {
    static final int INTEGER = 1;
    static final int DOUBLE = 2;
    static final int BYTES = 3;
    static final int DECIDE = 4;

    /** A fetch kind per column; where there are fewer, the type decides. */
    final int[] kinds;
    final int rowsMax;
    final int bytesMax;
    final int valueMax;

    Wishes(int[] kinds, int rowsMax, int bytesMax, int valueMax) {
        this.kinds = kinds;
        this.rowsMax = rowsMax;
        this.bytesMax = bytesMax;
        this.valueMax = valueMax;
    }

    /** Returns the kind by whose lexical form a column is answered: the wanted one, else the one that it has. */
    static int kind(int wish, int told) {
        switch (wish) {
            case 0:
                return Kind.TEXT;
            case 5:
                return Kind.DECIMAL;
            case 6:
                return Kind.DATE;
            case 7:
                return Kind.TIME;
            case 8:
                return Kind.TIMESTAMP;
            case 9:
                return Kind.ZONED;
            case 10:
                return Kind.BOOLEAN;
            case INTEGER:
                return told == Kind.INTEGER ? told : Kind.DECIMAL;
            default:
                return told;
        }
    }
}
