      * Accounts of a bank: 100 bytes.
       01  ACCOUNT.
           05  ACC-ID              PIC 9(11).
           05  ACC-NAME            PIC X(30).
           05  ACC-BALANCE         PIC S9(11)V99 COMP-3.
           05  ACC-LIMIT           PIC S9(10)V99.
           05  ACC-OPENED          PIC 9(8).
           05  ACC-STATUS          PIC X.
           05  ACC-BRANCH          PIC 9(4)      COMP.
           05  ACC-COUNTRY         PIC X(3).
           05  ACC-CCY             PIC X(3).
           05  ACC-SEQ             PIC 9(9)      COMP.
           05  FILLER              PIC X(19).
