      * Entries of the automated clearing house: records of 94 characters.
      * Source: Nacha Operating Rules, "ACH file exchange specifications".
       01  HEADER.
           05  HDR-TYPE            PIC X.
           05  HDR-PRIORITY        PIC X(2).
           05  HDR-DESTINATION     PIC X(10).
           05  HDR-ORIGIN          PIC X(10).
           05  HDR-DATE            PIC X(6).
           05  HDR-TIME            PIC X(4).
           05  HDR-MODIFIER        PIC X.
           05  HDR-RECORD-SIZE     PIC X(3).
           05  HDR-BLOCKING        PIC X(2).
           05  HDR-FORMAT          PIC X.
           05  HDR-DEST-NAME       PIC X(23).
           05  HDR-ORIGIN-NAME     PIC X(23).
           05  HDR-REFERENCE       PIC X(8).
       01  BATCH.
           05  BAT-TYPE            PIC X.
           05  BAT-CLASS           PIC X(3).
           05  BAT-COMPANY         PIC X(16).
           05  BAT-DISCRETIONARY   PIC X(20).
           05  BAT-COMPANY-ID      PIC X(10).
           05  BAT-SEC             PIC X(3).
           05  BAT-DESCRIPTION     PIC X(10).
           05  BAT-DATE            PIC X(6).
           05  BAT-EFFECTIVE       PIC X(6).
           05  BAT-SETTLEMENT      PIC X(3).
           05  BAT-STATUS          PIC X.
           05  BAT-ODFI            PIC X(8).
           05  BAT-NUMBER          PIC 9(7).
       01  ENTRY.
           05  ENT-TYPE            PIC X.
           05  ENT-CODE            PIC X(2).
           05  ENT-RDFI            PIC 9(8).
           05  ENT-CHECK-DIGIT     PIC X.
           05  ENT-DOMESTIC.
               10  DOM-ACCOUNT     PIC X(17).
               10  DOM-AMOUNT      PIC 9(8)V99.
               10  DOM-ID          PIC X(15).
               10  DOM-NAME        PIC X(22).
               10  DOM-OPTIONS     PIC X(2).
               10  DOM-ADDENDA     PIC X.
           05  ENT-INTERNATIONAL REDEFINES ENT-DOMESTIC.
               10  INT-LINES       PIC X(4).
               10  FILLER          PIC X(13).
               10  INT-AMOUNT      PIC 9(8)V99.
               10  INT-ACCOUNT     PIC X(35).
               10  FILLER          PIC X(2).
               10  INT-SCREENING   PIC X(2).
               10  INT-ADDENDA     PIC X.
      * The amount stands at the same place in both.
           05  ENT-EITHER REDEFINES ENT-DOMESTIC.
               10  FILLER          PIC X(17).
               10  ENT-AMOUNT      PIC 9(8)V99.
               10  FILLER          PIC X(40).
           05  ENT-TRACE           PIC X(15).
       01  ADDENDA.
           05  ADD-TYPE            PIC X.
           05  ADD-CODE            PIC X(2).
           05  ADD-TEXT            PIC X(80).
           05  ADD-SEQUENCE        PIC X(4).
           05  ADD-ENTRY           PIC X(7).
       01  BATCH-CONTROL.
           05  BCT-TYPE            PIC X.
           05  BCT-CLASS           PIC X(3).
           05  BCT-COUNT           PIC 9(6).
           05  BCT-HASH            PIC 9(10).
           05  BCT-DEBIT           PIC 9(10)V99.
           05  BCT-CREDIT          PIC 9(10)V99.
           05  BCT-COMPANY-ID      PIC X(10).
           05  BCT-AUTHENTICATION  PIC X(19).
           05  FILLER              PIC X(6).
           05  BCT-ODFI            PIC X(8).
           05  BCT-NUMBER          PIC 9(7).
       01  CONTROL.
           05  CTL-TYPE            PIC X.
           05  CTL-BATCHES         PIC X(6).
           05  CTL-BLOCKS          PIC 9(6).
           05  CTL-COUNT           PIC 9(8).
           05  CTL-HASH            PIC 9(10).
           05  CTL-DEBIT           PIC 9(10)V99.
           05  CTL-CREDIT          PIC 9(10)V99.
      * Named, so that a line that is cut off is no control record.
           05  CTL-RESERVED        PIC X(39).
       01  PADDING.
           05  PAD-TYPE            PIC X.
           05  PAD-BATCHES         PIC X(6).
           05  FILLER              PIC X(87).
