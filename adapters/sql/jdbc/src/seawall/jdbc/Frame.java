package seawall.jdbc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A frame that arrived: its kind, and fields in little endian.
 *
 * <p><b>Invariant.</b> A length that lies is refused before anything is allocated for it.
 */
final class Frame {
    /** Longest frame, its kind included. */
    static final int LENGTH_MAX = 16 << 20;
    /** The other side has closed; no frame has this kind. */
    static final int END = -1;

    final int kind;
    private final ByteBuffer body;

    private Frame(int kind, ByteBuffer body) {
        this.kind = kind;
        this.body = body;
    }

    static Frame end() {
        return new Frame(END, ByteBuffer.allocate(0));
    }

    static Frame read(ReadableByteChannel channel) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN);
        if (!filled(head, channel)) {
            return end();
        }
        int length = head.getInt(0);
        if (length < 1 || length > LENGTH_MAX) {
            throw new IOException("a frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        ByteBuffer body = ByteBuffer.allocate(length - 1).order(ByteOrder.LITTLE_ENDIAN);
        if (!filled(body, channel) && length > 1) {
            throw new EOFException("a frame was cut");
        }
        return new Frame(head.get(4) & 0xff, body.flip());
    }

    /** Fills a buffer; returns false where nothing came any more. */
    private static boolean filled(ByteBuffer buffer, ReadableByteChannel channel) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                if (buffer.position() == 0) {
                    return false;
                }
                throw new EOFException("a frame was cut");
            }
        }
        return true;
    }

    int u8() throws IOException {
        need(1);
        return body.get() & 0xff;
    }

    boolean flag() throws IOException {
        int value = u8();
        if (value > 1) {
            throw new IOException("a flag is neither 0 nor 1");
        }
        return value == 1;
    }

    int u16() throws IOException {
        need(2);
        return body.getShort() & 0xffff;
    }

    /** Reads an unsigned number of 32 bits; one beyond the largest int is as good as the largest int. */
    int u32() throws IOException {
        need(4);
        int value = body.getInt();
        return value < 0 ? Integer.MAX_VALUE : value;
    }

    long i64() throws IOException {
        need(8);
        return body.getLong();
    }

    byte[] bytes() throws IOException {
        int length = u32();
        need(length);
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    String text() throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes())).toString();
        } catch (CharacterCodingException e) {
            throw new IOException("a text is not UTF-8", e);
        }
    }

    /** Says that all has been read. */
    void ends() throws IOException {
        if (body.hasRemaining()) {
            throw new IOException("a frame is longer than what it holds");
        }
    }

    private void need(int length) throws IOException {
        if (body.remaining() < length) {
            throw new IOException("a frame is shorter than what it holds");
        }
    }
}
